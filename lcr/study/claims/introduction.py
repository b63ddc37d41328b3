"""Claims of the abstract and the introduction."""

from lcr.cost.ranges import gmacs
from lcr.paper.facts import fact
from lcr.study.claims.claim import (
    ACCURACY,
    ARITHMETIC,
    AVAILABILITY,
    COUNT,
    Claim,
    Growth,
    Numbers,
    Quantity,
    Untestable,
)
from lcr.study.claims.printed import column2, t2
from lcr.study.claims.verdicts import fewer

CLAIMS = (
    Claim(
        "abstract-new-benchmark",
        "abstract, Table 2",
        ARITHMETIC,
        "LCR sets a new benchmark in video understanding",
        Numbers(
            lambda: t2("LCR", "top1") - max(column2("top1", without="LCR")),
            lambda measured: measured > 0,
            'measured = t2("LCR", "top1") - max(column2("top1", without="LCR")); holds if measured > 0',
            "LCR's 90.83% in Table 2 is {measured} points from the best other row, which is RViT-XL with 92.31%",
        ),
        published="90.83",
    ),
    Claim(
        "abstract-linear",
        "abstract, §3.2",
        COUNT,
        "LCR is of linear complexity",
        Numbers(
            lambda: gmacs("lcr-xl-224", 32, 2 * 196) / gmacs("lcr-xl-224", 32, 196),
            lambda measured: (
                abs(measured / 2 - 1) <= 0.02 and abs(gmacs("lcr-xl-224", 64) / gmacs("lcr-xl-224", 32) / 2 - 1) <= 0.02
            ),
            'measured = gmacs("lcr-xl-224", 32, 2 * 196) / gmacs("lcr-xl-224", 32, 196); holds if '
            'abs(measured / 2 - 1) <= 0.02 and abs(gmacs("lcr-xl-224", 64) / gmacs("lcr-xl-224", 32) / 2 - 1) <= 0.02',
            (
                "twice the tokens of a frame take {measured} times the multiply-adds of LCR-XL, and twice the frames "
                "are counted the same way (linear is 2)"
            ),
            digits=3,
            evidence="lcr/cost",
        ),
    ),
    Claim(
        "abstract-linear-frames",
        "abstract, §1",
        COUNT,
        "LCR's time is linear in the frames",
        Growth(axis="frames", column="seconds", statement="linear"),
        cause="linear-time",
        implied=True,
    ),
    Claim(
        "abstract-linear-tokens",
        "abstract, §1",
        COUNT,
        "LCR's time is linear in the tokens of a frame",
        Growth(axis="tokens", column="seconds", statement="linear"),
        cause="linear-time",
        implied=True,
    ),
    Claim(
        "abstract-focus",
        "abstract, §1",
        ACCURACY,
        "edge features enhance the focus on the subject",
        Untestable(
            "no measure of focus is given, and the clips have no marked subject; what the edge prompt does to "
            "accuracy is the hypothesis no_edge_prompt"
        ),
    ),
    Claim(
        "abstract-forget-gate",
        "abstract, §3.3",
        ACCURACY,
        "the edge information serves as a forgetting gate that guides long-term memory and reduces background noise",
        (
            "neither memory nor background noise is measured; the control no_edge_gate takes the edge out of the cell "
            "alone, and the hypothesis no_edge_prompt out of K and V too"
        ),
    ),
    Claim(
        "abstract-tube-overfitting",
        "abstract, §3.5",
        ACCURACY,
        "tube masking reduces overfitting, so that accuracy falls without it",
        Quantity(
            dataset="jester",
            table="statistics",
            column="delta_top1",
            variant="no_tube_mask",
            statement="below",
            bound=0,
            why="without the tube mask top-1 changes by {measured} points",
        ),
    ),
    Claim(
        "abstract-spatial-temporal",
        "abstract, §1 (first contribution)",
        ACCURACY,
        "LCR effectively captures temporal features",
        Quantity(
            dataset="jester",
            table="temporal",
            column="pair_accuracy",
            variant="full",
            condition="as_is",
            statement="above",
            bound=50,
            why="of two classes that are each other's time reverse the model prefers the right one in {measured}% "
            "(50% without any sense of time)",
        ),
    ),
    Claim(
        "abstract-code-public",
        "abstract",
        AVAILABILITY,
        "all code and models are publicly available",
        Numbers(
            lambda: len(fact("code_addresses")),
            lambda measured: measured > 0,
            'measured = len(fact("code_addresses")); holds if measured > 0',
            (
                "the text gives {measured} addresses of code or models (an index of public repositories, searched on "
                "2026-11-25 for names with video-rwkv or crossrwkv, had none)"
            ),
            digits=0,
        ),
    ),
    Claim(
        "intro-efficient-prompt",
        "§1",
        COUNT,
        "the edge prompt leads to more efficient video understanding",
        Numbers(
            lambda: gmacs("lcr-base-112") / gmacs("lcr-base-112", edge_prompt=False),
            lambda measured: fewer(measured),
            'measured = gmacs("lcr-base-112") / gmacs("lcr-base-112", edge_prompt=False); holds if fewer(measured)',
            (
                "with the edge prompt, LCR for Jester takes {measured} times the multiply-adds for 32 frames (Canny "
                "itself not counted); within 2% counts as the same"
            ),
            digits=4,
            evidence="lcr/cost",
        ),
    ),
    Claim(
        "intro-accurate-prompt",
        "§1",
        ACCURACY,
        "the edge prompt leads to more accurate video understanding, so that accuracy falls without it",
        Quantity(
            dataset="jester",
            table="statistics",
            column="delta_top1",
            variant="no_edge_prompt",
            statement="below",
            bound=0,
            why="without the edge prompt top-1 changes by {measured} points",
        ),
    ),
    Claim(
        "contribution-framework",
        "§1 (first contribution)",
        ACCURACY,
        "LSTM-CrossRWKV efficiently extracts spatiotemporal representations",
        Untestable(
            '"efficiently" names nothing to compare with; cost is in Table 1\'s cells, the sense of time in '
            "abstract-spatial-temporal"
        ),
    ),
    Claim(
        "contribution-gate",
        "§1 (second contribution)",
        ACCURACY,
        (
            "the CrossRWKV gate is what the unit gains from, so that accuracy falls with plain LSTM gates of as many "
            "parameters"
        ),
        Quantity(
            dataset="jester",
            table="statistics",
            column="delta_top1",
            variant="lstm_gate",
            statement="below",
            bound=0,
            why="with plain LSTM gates top-1 changes by {measured} points",
        ),
    ),
    Claim(
        "contribution-three-datasets",
        "§1 (third contribution), §5",
        AVAILABILITY,
        "LCR is evaluated on Kinetics-400, Something-Something-V2 and Jester, with excellent results on the three",
        Numbers(
            lambda: len(fact("datasets_with_accuracy")),
            lambda measured: measured == len(fact("datasets_named")),
            'measured = len(fact("datasets_with_accuracy")); holds if measured == len(fact("datasets_named"))',
            "the paper prints accuracies for {measured} of the 3 data sets (Jester)",
            digits=0,
        ),
        published="3",
    ),
)
