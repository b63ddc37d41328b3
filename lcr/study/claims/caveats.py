"""Caveats of ablations, to be printed with every report of their numbers."""

CAVEATS = {
    # ablations/no_edge_prompt.yaml
    "no_edge_prompt": "A_t takes the place of x^e in eq. 10, where nothing bounds it, so that this takes out the edges "
    "and changes the cell gate; the controls no_edge_keys, no_edge_gate and constant_gate tell the two apart",
}
