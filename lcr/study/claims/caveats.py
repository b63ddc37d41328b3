"""Caveats of ablations, to be printed with every report of their numbers."""

CAVEATS = {
    # ablations/no_edge_prompt.yaml
    "no_edge_prompt": "A_t takes the place of x^e in eq. 10, where nothing bounds it, so that the variant loses the "
    "edges and has another cell gate; the study `controls` has the variants that change one of the two alone",
}
