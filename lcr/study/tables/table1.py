"""table1: the paper's six models as printed, and as counted under each reading that changes a count.

params_m and params_m_published in millions; gmacs and gflops in 1e9, of one view of `frames` frames; flops_t_published
in 1e12, as printed. Errors are counted against published in percent; the error of the FLOPs takes two FLOPs a
multiply-add, though the printed numbers fit multiply-adds better (see reading_search).
"""

from lcr.config.variant import VariantConfig
from lcr.cost import counted
from lcr.cost.table1 import FRAMES, error_percent, table1, teraflops
from lcr.cost.table1 import Row as Published
from lcr.model.config import ModelConfig
from lcr.study.tables.frame import Row, Source, integer, number
from lcr.study.tables.readings import open_questions

SIZES = ("frame_size", "patch_size", "depth", "hidden", "heads", "classes")
COLUMNS = (
    *("model", "dataset", *integer(*SIZES, "frames"), "reading"),
    *number("g", "params_m_published", required=True),
    *number(".6f", "params_m", required=True),
    *number(".2f", "params_error_pct", required=True),
    *number("g", "flops_t_published", required=True),
    *number(".6g", "gmacs", "gflops", required=True),
    *number(".2f", "flops_error_pct", required=True),
)
DEFAULT = "default"


def rows(source: Source) -> list[Row]:
    """The six models as read here, then under each alternative that counts otherwise, in the register's order."""
    found = [_row(one, DEFAULT, one.config) for one in table1()]
    for reading, variant in counting_readings().items():
        found += [_row(one, reading, variant.apply(one.config)) for one in table1()]
    return found


def counting_readings() -> dict[str, VariantConfig]:
    """Alternatives that change a count of Table 1's models, by name; the data-dependent decay is counted too."""
    every = {name: variant for _, some in open_questions() for name, (_, variant) in some.items()}
    return {
        name: variant
        for name, variant in every.items()
        if any(counted(variant.apply(row.config), FRAMES) != counted(row.config, FRAMES) for row in table1())
    }


def _row(one: Published, reading: str, config: ModelConfig) -> Row:
    params, macs = counted(config, FRAMES)
    return {
        "model": one.name,
        "dataset": one.dataset,
        **{size: getattr(config, size) for size in SIZES},
        "frames": FRAMES,
        "reading": reading,
        "params_m_published": one.params_m.value,
        "params_m": params / 1e6,
        "params_error_pct": error_percent(params / 1e6, one.params_m.value),
        "flops_t_published": one.flops_t.value,
        "gmacs": macs / 1e9,
        "gflops": 2 * macs / 1e9,
        "flops_error_pct": error_percent(teraflops(macs), one.flops_t.value),
    }
