"""cost.csv as the tables read it: what each variant of each dataset's model costs, made by `lcr cost --study`.

One row a component, and one for the whole ("all"). params, macs, flops and elementwise are integers, of one view of
`frames` frames; the _per_prediction columns are of all views of one clip. peak_mem_gb and train_mem_gb (see `lcr.cost`)
stand in the whole's row, where they were measured, on `device`. The models of Table 1 follow with no dataset.
"""

from pathlib import Path

from lcr.config import StudyConfig
from lcr.counts import counted
from lcr.errors import InputError
from lcr.model.config import ModelConfig
from lcr.study.rows import Row, read_rows

COLUMNS = (
    *("study", "dataset", "model", "variant", "frames", "views", "component"),
    *("params", "macs", "flops", "elementwise"),
    *("macs_per_prediction", "flops_per_prediction", "elementwise_per_prediction"),
    *("peak_mem_gb", "train_mem_gb", "device", "note"),
)
MACHINE = ("peak_mem_gb", "train_mem_gb")
WHOLE = "all"


class Costs:
    """The costs of a study's variants, read once.

    Raises:
        InputError: the study has no cost.csv.
    """

    def __init__(self, study: StudyConfig, results: str | Path) -> None:
        path = Path(results) / study.name / "cost.csv"
        self._redo = f"make it anew: lcr cost --study {study.name}"
        if not path.is_file():
            raise InputError(f"no {path}, which says what the models cost; {self._redo}")
        self._path = path
        self._rows = {(row["dataset"], row["variant"]): row for row in read_rows(path) if row["component"] == WHOLE}

    def of(self, dataset: str, variant: str, model: ModelConfig, frames: int) -> Row:
        """params_m, gmacs, gflops and peak_mem_gb of one variant.

        Args:
            model: the configuration that its runs say they are of; the table must be of the very same.

        Raises:
            InputError: the table lacks the variant, or counts another model than this one.
        """
        row = self._rows.get((dataset, variant))
        if row is None:
            raise InputError(f"{self._path} lacks {dataset}/{variant}; {self._redo}")
        expected = counted(model, frames)
        if (int(row["params"]), int(row["macs"])) != expected:
            raise InputError(f"{self._path} is of another {dataset}/{variant} than the runs are; {self._redo}")
        return {
            "params_m": f"{expected.params / 1e6:.6f}",
            "gmacs": f"{expected.macs / 1e9:.6g}",
            "gflops": f"{2 * expected.macs / 1e9:.6g}",
            "peak_mem_gb": row["peak_mem_gb"],
        }
