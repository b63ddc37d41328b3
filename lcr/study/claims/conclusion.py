"""Claims of §5, the conclusion."""

from lcr.study.claims.claim import COUNT, Claim

CLAIMS = (
    Claim(
        "conclusion-less-memory",
        "§5",
        COUNT,
        "excellent performance is achieved with less GPU memory",
        ('Table 2 prints no memory of LCR ("being re-calculated"); ours, measured on the CPU, is in results/cost.csv'),
    ),
    Claim(
        "conclusion-less-complexity",
        "§5",
        COUNT,
        "the design reduces the spatial complexity and computational complexity",
        "it names nothing to compare with; multiply-adds and memory of every variant are in results/cost.csv",
    ),
    Claim(
        "conclusion-parallel",
        "§5",
        COUNT,
        "(admitted) parallel computation is not as good as that of CNNs",
        "no speed is printed, and there is no CNN here",
    ),
    Claim(
        "conclusion-gradients",
        "§5",
        COUNT,
        "(admitted) the model suffers from vanishing and exploding gradients",
        ("gradients by component and the growth of the cell over 64 frames are in results/readings.csv, by reading"),
    ),
)
