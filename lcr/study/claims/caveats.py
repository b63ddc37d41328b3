"""Caveats of ablations, to be printed with every report of their numbers."""

CAVEATS = {
    # lcr/paper/discrepancies.yaml, kv-source
    "no_edge_prompt": "under the default reading of eq. 3 this compares edge maps with RGB, since the full model's "
    "class token reads nothing but edges; it does not say what a prompt beside RGB is worth",
}
