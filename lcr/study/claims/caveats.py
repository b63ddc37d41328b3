"""Caveats of ablations, to be printed with every report of their numbers."""

CAVEATS = {
    # ablations/no_edge_prompt.yaml
    "no_edge_prompt": "A_t takes the place of x^e in eq. 10, where nothing bounds it, so that the variant loses the "
    "edges and has another cell gate; this study does not train no_edge_keys, no_edge_gate and constant_gate, which "
    "change one of the two alone",
}
