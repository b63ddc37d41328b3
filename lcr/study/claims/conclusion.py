"""Claims of §5, the conclusion."""

from lcr.paper.facts import fact
from lcr.study.claims.claim import ARITHMETIC, COUNT, Claim, Growth, Numbers, Untestable

CLAIMS = (
    Claim(
        "conclusion-masking",
        "§5, §3.5",
        ARITHMETIC,
        "the masking strategy is one of channels",
        Numbers(
            lambda: fact("masking_words"),
            lambda measured: set(measured) == {"channel"},
            'measured = fact("masking_words"); holds if set(measured) == {"channel"}',
            "the text calls the mask by the words {measured}, and a tube drops positions, not channels",
        ),
    ),
    Claim(
        "conclusion-less-memory",
        "§5",
        COUNT,
        "excellent performance is achieved with less GPU memory",
        Growth(axis="frames", column="peak_bytes", statement="least"),
        cause="less-memory",
    ),
    Claim(
        "conclusion-less-complexity",
        "§5",
        COUNT,
        "the design reduces the spatial complexity and computational complexity",
        Untestable("it names nothing to compare with; counts of every variant are in results/cost.csv"),
    ),
    Claim(
        "conclusion-parallel",
        "§5",
        COUNT,
        "(admitted) parallel computation is not as good as that of CNNs",
        "no speed is printed; docs/growth.csv measures one thread, which says nothing about parallel work",
    ),
    Claim(
        "conclusion-gradients",
        "§5",
        COUNT,
        "(admitted) the model suffers from vanishing and exploding gradients",
        ("gradients by component and the growth of the cell over 64 frames are in results/readings.csv, by reading"),
    ),
)
