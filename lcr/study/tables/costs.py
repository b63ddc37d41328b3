"""cost.csv as the tables read it: what each variant of each dataset's model costs, made by `lcr cost --study`.

One row a component, and one for the whole ("all"). params, macs, flops and elementwise are integers, of one view of
`frames` frames; the _per_prediction columns are of all views of one clip. peak_mem_gb and train_mem_gb (see
`lcr.cost.count`)
stand in the whole's row, where they were measured, on `device`. The models of Table 1 follow with no dataset.
"""

from pathlib import Path

from lcr.config.study import StudyConfig
from lcr.cost import counted
from lcr.model.config import ModelConfig
from lcr.study.tables.rows import Row, float_of, int_of, read_rows, remake
from lcr.util.errors import InputError

COLUMNS = (
    *("study", "dataset", "model", "variant", "frames", "views", "component"),
    *("params", "macs", "flops", "elementwise"),
    *("macs_per_prediction", "flops_per_prediction", "elementwise_per_prediction"),
    *("peak_mem_gb", "train_mem_gb", "device", "note"),
)
MACHINE = ("peak_mem_gb", "train_mem_gb", "device")
WHOLE = "all"


class Costs:
    """The costs of a study's variants, read once.

    Raises:
        InputError: the study has no cost.csv, or it is damaged.
    """

    def __init__(self, study: StudyConfig, results: str | Path) -> None:
        self._path = Path(results) / study.name / "cost.csv"
        self._redo = remake("cost", study.given)
        rows = read_rows(self._path, COLUMNS, self._redo)
        self._rows = {(row["dataset"], row["variant"]): row for row in rows if row["component"] == WHOLE}

    def of(self, dataset: str, variant: str, model: ModelConfig, frames: int) -> Row:
        """params_m, gmacs, gflops and peak_mem_gb of one variant.

        Args:
            model: the configuration that its runs say they are of; the table must be of the very same.

        Raises:
            InputError: the table lacks the variant, counts another model than this one, or has a cell that is no
                number.
        """
        row = self._rows.get((dataset, variant))
        if row is None:
            raise InputError(f"{self._path} lacks {dataset}/{variant}; {self._redo}")
        expected = counted(model, frames)
        if (int_of(row, "params"), int_of(row, "macs")) != expected:
            raise InputError(f"{self._path} is of another {dataset}/{variant} than the runs are; {self._redo}")
        if row["peak_mem_gb"]:  # empty where it was not measured
            float_of(row, "peak_mem_gb")
        return {
            "params_m": f"{expected.params / 1e6:.6f}",
            "gmacs": f"{expected.macs / 1e9:.6g}",
            "gflops": f"{2 * expected.macs / 1e9:.6g}",
            "peak_mem_gb": row["peak_mem_gb"],
        }
