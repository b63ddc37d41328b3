"""Claims of §3, the method."""

from lcr.paper.facts import fact
from lcr.study.claims.claim import ARITHMETIC, COUNT, Claim, Growth, Numbers, Untestable
from lcr.study.claims.printed import column1, t1

CLAIMS = (
    Claim(
        "method-memory",
        "figure 2",
        COUNT,
        "going frame by frame reduces the memory footprint",
        Growth(axis="frames", column="peak_bytes", statement="least"),
        cause="less-memory",
    ),
    Claim(
        "method-speed",
        "figure 2",
        COUNT,
        "going frame by frame improves the inference speed",
        Growth(axis="frames", column="seconds", statement="least"),
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
        cause="p-squared",
    ),
    Claim(
        "method-state-shape",
        "§3.2, Table 1",
        ARITHMETIC,
        "hidden state and cell state are of shape P²×C, one row a token",
        Numbers(
            lambda: (t1("jester", "LCR", "frame_size") / t1("jester", "LCR", "patch_size")) ** 2,
            lambda measured: measured == t1("jester", "LCR", "patch_size") ** 2,
            'measured = (t1("jester", "LCR", "frame_size") / t1("jester", "LCR", "patch_size")) ** 2; holds '
            'if measured == t1("jester", "LCR", "patch_size") ** 2',
            "a frame of the Jester models has {measured} patch tokens and a class token, while P² is 64",
            digits=0,
        ),
        cause="p-squared",
    ),
    Claim(
        "method-rotary-between-frames",
        "§3.1, eq. 1",
        ARITHMETIC,
        "the rotary position encoding captures the relative position between video frames",
        Numbers(
            lambda: fact("position_axes"),
            lambda measured: "frame" in measured,
            'measured = fact("position_axes"); holds if "frame" in measured',
            "its shape P²×C has the axes {measured}, so that all frames have the same encoding",
        ),
    ),
    Claim(
        "method-figure-unit",
        "§3.4, figure 3",
        ARITHMETIC,
        "figure 2a shows the LCR unit",
        Numbers(
            lambda: fact("figure_of_unit"),
            lambda measured: measured == ["2a"],
            'measured = fact("figure_of_unit"); holds if measured == ["2a"]',
            "by the captions, figure {measured} shows the unit, and figure 2 has no parts",
        ),
        published="2a",
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
        Untestable("neither the share of masked tokens nor whether they are masked at test time is said"),
    ),
)
