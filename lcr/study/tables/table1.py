"""Rows of table1: the paper's six models as printed, and as counted under each reading that changes a count.

params_m and params_m_published in millions; gmacs and gflops in 1e9, of one view of `frames` frames; flops_t_published
in 1e12, as printed. Errors are counted against published in percent; that of the FLOPs compares FLOPs with FLOPs (two a
multiply-add), though what is printed fits multiply-adds better (see reading_search).
"""

from lcr.config.variant import VariantConfig
from lcr.cost import counted
from lcr.cost.table1 import FRAMES, table1
from lcr.cost.table1 import Row as Published
from lcr.model.config import ModelConfig
from lcr.study.tables.readings import open_questions
from lcr.study.tables.rows import Row

COLUMNS = (
    *("model", "dataset", "frame_size", "patch_size", "depth", "hidden", "heads", "classes", "frames", "reading"),
    *("params_m_published", "params_m", "params_error_pct"),
    *("flops_t_published", "gmacs", "gflops", "flops_error_pct"),
)
DEFAULT = "default"


def table1_rows() -> list[Row]:
    """The six models as read here, then under each alternative that counts otherwise, in the register's order."""
    rows = [_row(one, DEFAULT, one.config) for one in table1()]
    for reading, variant in counting_readings().items():
        rows += [_row(one, reading, variant.apply(one.config)) for one in table1()]
    return rows


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
    sizes = ("frame_size", "patch_size", "depth", "hidden", "heads", "classes")
    return {
        "model": one.name,
        "dataset": one.dataset,
        **{size: str(getattr(config, size)) for size in sizes},
        "frames": str(FRAMES),
        "reading": reading,
        "params_m_published": f"{one.params_m.value:g}",
        "params_m": f"{params / 1e6:.6f}",
        "params_error_pct": _error(params / 1e6, one.params_m.value),
        "flops_t_published": f"{one.flops_t.value:g}",
        "gmacs": f"{macs / 1e9:.6g}",
        "gflops": f"{2 * macs / 1e9:.6g}",
        "flops_error_pct": _error(2 * macs / 1e12, one.flops_t.value),
    }


def _error(counted: float, published: float) -> str:
    return f"{100 * (counted / published - 1):.2f}"
