"""Claims of §4.1, the set-up, with the captions and settings of Tables 1 and 2."""

from lcr.paper.facts import fact
from lcr.study.claims.claim import ARITHMETIC, AVAILABILITY, COUNT, Claim, Numbers, Untestable
from lcr.study.claims.printed import classes, column1, column2, head_widths, t1

CLAIMS = (
    Claim(
        "data-jester-classes",
        "§4.1",
        COUNT,
        "Jester has 27 classes",
        Numbers(
            lambda: classes("jester"),
            lambda measured: measured == 27,
            'measured = classes("jester"); holds if measured == 27',
            "its official list has {measured} labels",
            digits=0,
            evidence="lcr/config/labels/jester.txt",
        ),
        published="27",
        cause="classes-of-datasets",
    ),
    Claim(
        "data-something-classes",
        "§4.1",
        COUNT,
        "Something-Something-V2 has 174 classes",
        Numbers(
            lambda: classes("something"),
            lambda measured: measured == 174,
            'measured = classes("something"); holds if measured == 174',
            "its official list has {measured} labels",
            digits=0,
            evidence="lcr/config/labels/something.txt",
        ),
        published="174",
        cause="classes-of-datasets",
    ),
    Claim(
        "data-kinetics-classes",
        "§4.1",
        COUNT,
        "Kinetics-400 has 400 classes",
        Numbers(
            lambda: classes("kinetics"),
            lambda measured: measured == 400,
            'measured = classes("kinetics"); holds if measured == 400',
            "its official list has {measured} labels",
            digits=0,
            evidence="lcr/config/labels/kinetics.txt",
        ),
        published="400",
        cause="classes-of-datasets",
    ),
    Claim(
        "data-jester-train",
        "§4.1",
        COUNT,
        "Jester has 120K training videos",
        Numbers(
            lambda: fact("jester_sizes", 0),
            lambda measured: abs(measured / 120000 - 1) <= 0.02,
            'measured = fact("jester_sizes", 0); holds if abs(measured / 120000 - 1) <= 0.02',
            "its publishers give {measured} training clips; within 2% counts as the same",
            digits=0,
        ),
        published="120000",
        cause="sizes-of-datasets",
    ),
    Claim(
        "data-something-train",
        "§4.1",
        COUNT,
        "Something-Something-V2 has about 168.9K training videos",
        Numbers(
            lambda: fact("something_sizes", 0),
            lambda measured: abs(measured / 168900 - 1) <= 0.02,
            'measured = fact("something_sizes", 0); holds if abs(measured / 168900 - 1) <= 0.02',
            "its publishers give {measured} training clips; within 2% counts as the same",
            digits=0,
        ),
        published="168900",
        cause="sizes-of-datasets",
    ),
    Claim(
        "data-something-validation",
        "§4.1",
        COUNT,
        "Something-Something-V2 has about 24.7K validation videos",
        Numbers(
            lambda: fact("something_sizes", 1),
            lambda measured: abs(measured / 24700 - 1) <= 0.02,
            'measured = fact("something_sizes", 1); holds if abs(measured / 24700 - 1) <= 0.02',
            "its publishers give {measured} validation clips; within 2% counts as the same",
            digits=0,
        ),
        published="24700",
        cause="sizes-of-datasets",
    ),
    Claim(
        "data-kinetics-train",
        "§4.1",
        COUNT,
        "Kinetics-400 has about 240K training videos",
        Untestable("how many are left depends on the day of the download, which is not given"),
        published="240000",
    ),
    Claim(
        "data-kinetics-validation",
        "§4.1",
        COUNT,
        "Kinetics-400 has about 20K validation videos",
        Numbers(
            lambda: fact("kinetics_validation"),
            lambda measured: abs(measured / 20000 - 1) <= 0.02,
            'measured = fact("kinetics_validation"); holds if abs(measured / 20000 - 1) <= 0.02',
            "{measured} were published; within 2% counts as the same",
            digits=0,
        ),
        published="20000",
        cause="sizes-of-datasets",
    ),
    Claim(
        "setup-three-jester-models",
        "caption of Table 1",
        ARITHMETIC,
        "three models with 8×8 patches are used for Jester",
        Numbers(
            lambda: len(column1("patch_size", "jester")),
            lambda measured: measured == 3 and max(column1("patch_size", "jester")) == 8,
            'measured = len(column1("patch_size", "jester")); holds if measured == 3 and '
            'max(column1("patch_size", "jester")) == 8',
            "Table 1 has {measured} rows of 112×112 frames",
            digits=0,
        ),
        published="3",
        cause="text-repeats-tables",
    ),
    Claim(
        "setup-224",
        "caption of Table 1",
        ARITHMETIC,
        "for Kinetics-400 and Something-Something-V2 the frames are 224×224",
        Numbers(
            lambda: max(column1("frame_size", "k400_ssv2")),
            lambda measured: measured == 224 and min(column1("frame_size", "k400_ssv2")) == 224,
            'measured = max(column1("frame_size", "k400_ssv2")); holds if measured == 224 and '
            'min(column1("frame_size", "k400_ssv2")) == 224',
            "the frames of those rows of Table 1 are {measured} wide",
            digits=0,
        ),
        published="224",
        cause="text-repeats-tables",
    ),
    Claim(
        "setup-kinetics-start",
        "§4.1, Table 1",
        ARITHMETIC,
        "the models for Kinetics-400 have the layers of the VRWKV that they start from",
        Numbers(
            lambda: column1("depth", "k400_ssv2"),
            lambda measured: False if max(measured) > fact("vrwkv_layers") else min(measured) == 12 or None,
            'measured = column1("depth", "k400_ssv2"); holds if False if max(measured) > fact("vrwkv_layers") '
            "else min(measured) == 12 or None",
            "the three models have {measured} layers, and the public VRWKV of their width has 12; the text does not "
            "say which of its layers the smaller models take",
            digits=0,
            evidence="lcr/paper/facts.yaml",
        ),
        implied=True,
    ),
    Claim(
        "setup-start-heads",
        "§4.1, Table 1",
        ARITHMETIC,
        "every model has the heads of the VRWKV that the architecture is based on",
        Numbers(
            lambda: head_widths(),
            lambda measured: measured == [fact("vrwkv_head")],
            'measured = head_widths(); holds if measured == [fact("vrwkv_head")]',
            "heads in Table 1 are {measured} wide and VRWKV6's kernel takes 64 alone: only the rows of 224×224 fit",
            evidence="lcr/paper/facts.yaml",
        ),
        implied=True,
    ),
    Claim(
        "setup-nine-views",
        "§4.1",
        ARITHMETIC,
        "3 temporal clips with 3 spatial crops are 9 views",
        Numbers(
            lambda: fact("views", 0) * fact("views", 1),
            lambda measured: measured == fact("views", 2),
            'measured = fact("views", 0) * fact("views", 1); holds if measured == fact("views", 2)',
            "3 × 3 is {measured}",
            digits=0,
        ),
        published="9",
    ),
    Claim(
        "setup-linear-depth-params",
        "Table 1",
        ARITHMETIC,
        "rows of one width differ by their layers alone, so parameters grow evenly with depth",
        Numbers(
            lambda: (
                (t1("k400_ssv2", "LCR-XL", "params_m") - t1("k400_ssv2", "LCR-L", "params_m"))
                - (t1("k400_ssv2", "LCR-L", "params_m") - t1("k400_ssv2", "LCR", "params_m"))
            ),
            lambda measured: abs(measured) <= 0.02,
            'measured = (t1("k400_ssv2", "LCR-XL", "params_m") - t1("k400_ssv2", "LCR-L", "params_m")) - '
            '(t1("k400_ssv2", "LCR-L", "params_m") - t1("k400_ssv2", "LCR", "params_m")); holds if '
            "abs(measured) <= 0.02",
            "from 4 to 8 to 12 layers the two steps differ by {measured} M, and rounding allows 0.02 M",
        ),
        cause="even-depth",
        implied=True,
    ),
    Claim(
        "setup-linear-depth-flops",
        "Table 1",
        ARITHMETIC,
        "FLOPs of rows of one width grow evenly with depth",
        Numbers(
            lambda: (
                (t1("k400_ssv2", "LCR-XL", "flops_t") - t1("k400_ssv2", "LCR-L", "flops_t"))
                - (t1("k400_ssv2", "LCR-L", "flops_t") - t1("k400_ssv2", "LCR", "flops_t"))
            ),
            lambda measured: abs(measured) <= 0.02,
            'measured = (t1("k400_ssv2", "LCR-XL", "flops_t") - t1("k400_ssv2", "LCR-L", "flops_t")) - '
            '(t1("k400_ssv2", "LCR-L", "flops_t") - t1("k400_ssv2", "LCR", "flops_t")); holds if '
            "abs(measured) <= 0.02",
            "from 4 to 8 to 12 layers the two steps differ by {measured} T, and rounding allows 0.02 T",
        ),
        cause="even-depth",
        implied=True,
    ),
    Claim(
        "setup-xl-in-table2",
        "§4.1, Table 2",
        AVAILABILITY,
        "LCR-XL (64×3×3) is reported in Table 2",
        Numbers(
            lambda: fact("methods_with_lcr_xl"),
            lambda measured: measured > 0,
            'measured = fact("methods_with_lcr_xl"); holds if measured > 0',
            "Table 2 has {measured} rows of that name, and its caption says Jester, for which Table 1 has no LCR-XL",
            digits=0,
        ),
    ),
    Claim(
        "setup-memory-given",
        "§4.1, Table 2",
        AVAILABILITY,
        "memory consumption for one-view inference is included",
        Numbers(
            lambda: len(column2("mem_g_as_printed")) - len(column2("mem_g_as_printed", without="LCR")),
            lambda measured: measured == 1,
            'measured = len(column2("mem_g_as_printed")) - len(column2("mem_g_as_printed", without="LCR")); '
            "holds if measured == 1",
            'of LCR, Table 2 gives {measured} memory values ("being re-calculated")',
            digits=0,
        ),
        cause="blank-cells-of-lcr",
    ),
    Claim(
        "setup-top5-given",
        "§4.1, Table 2",
        AVAILABILITY,
        "Top-1 and Top-5 accuracy are used for evaluation",
        Numbers(
            lambda: len(column2("top5")) - len(column2("top5", without="LCR")),
            lambda measured: measured == 1,
            'measured = len(column2("top5")) - len(column2("top5", without="LCR")); holds if measured == 1',
            'of LCR, Table 2 gives {measured} Top-5 values ("being re-calculated")',
            digits=0,
        ),
        cause="blank-cells-of-lcr",
    ),
    Claim(
        "setup-official-code",
        "§4.1",
        AVAILABILITY,
        "official code is used to verify the other methods",
        (
            "neither configurations nor logs are given; a user of RViT's public code reports about 65% on Jester "
            "there, where Table 2 prints 92.31%"
        ),
    ),
)
