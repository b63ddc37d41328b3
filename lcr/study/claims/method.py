"""Claims of §3, the method."""

from lcr.paper.facts import fact
from lcr.study.claims.claim import ARITHMETIC, COUNT, Claim, Numbers
from lcr.study.claims.printed import column1, t1

CLAIMS = (
    Claim(
        "method-memory",
        "figure 2",
        COUNT,
        "going frame by frame reduces the memory footprint",
        (
            'it names nothing to compare with, and Table 2\'s memory of LCR is "being re-calculated"; ours is in '
            "results/cost.csv"
        ),
    ),
    Claim(
        "method-speed",
        "figure 2",
        COUNT,
        "going frame by frame improves the inference speed",
        "no time or frame rate is printed, of LCR or of anything to compare with",
    ),
    Claim(
        "method-patch-kernel",
        "§3.1, Table 1",
        ARITHMETIC,
        "the patches come from a 1×16×16 convolution",
        Numbers(
            lambda: min(column1("patch_size")),
            lambda measured: measured == 16 and max(column1("patch_size")) == 16,
            'measured = min(column1("patch_size")); holds if measured == 16 and max(column1("patch_size")) == 16',
            "the smallest patch size in Table 1 is {measured} (its three Jester rows)",
            digits=0,
        ),
        published="16",
    ),
    Claim(
        "method-position-tokens",
        "eq. 1, Table 1",
        ARITHMETIC,
        "the position encoding is of shape P²×C, one row a token",
        Numbers(
            lambda: (t1("jester", "LCR", "frame_size") / t1("jester", "LCR", "patch_size")) ** 2,
            lambda measured: (
                measured == t1("jester", "LCR", "patch_size") ** 2
                and (t1("k400_ssv2", "LCR", "frame_size") / 16) ** 2 == 16**2
            ),
            'measured = (t1("jester", "LCR", "frame_size") / t1("jester", "LCR", "patch_size")) ** 2; holds '
            'if measured == t1("jester", "LCR", "patch_size") ** 2 and (t1("k400_ssv2", "LCR", "frame_size") '
            "/ 16) ** 2 == 16 ** 2",
            "a frame has {measured} patch tokens in every row of Table 1, while P² is 64 or 256",
            digits=0,
        ),
    ),
    Claim(
        "method-three-linear",
        "§3.2, eq. 2-3",
        ARITHMETIC,
        "the spatial mix has three parallel linear layers",
        Numbers(
            lambda: fact("linear_layers"),
            lambda measured: measured == 3,
            'measured = fact("linear_layers"); holds if measured == 3',
            "equations 2 and 3 have {measured} (R, G, K and V)",
            digits=0,
        ),
        published="3",
    ),
    Claim(
        "method-edge-index",
        "eq. 9",
        ARITHMETIC,
        "the edge tokens are those of the current frame",
        Numbers(
            lambda: fact("edge_index"),
            lambda measured: min(measured) == max(measured),
            'measured = fact("edge_index"); holds if min(measured) == max(measured)',
            "eq. 9 has the offsets {measured} on its left and right side",
            digits=0,
        ),
    ),
    Claim(
        "method-residual-gradients",
        "§3.2",
        COUNT,
        "residual connections ensure that training gradients do not vanish",
        (
            "gradients by component and reading are in results/readings.csv; under some readings of eq. 3 and 9 to "
            "12 they are exactly zero"
        ),
    ),
    Claim(
        "method-tube-redundancy",
        "§3.5, §5",
        COUNT,
        "the tube mask reduces redundant information and computation",
        "neither the share of masked tokens nor whether they are masked at test time is said",
    ),
)
