"""cost: the costs of each variant of each dataset's model, made by `lcr cost --study`, and read by the other tables.

One row a component, and one for the whole ("all"). params, macs, flops and elementwise are integers, of one view of
`frames` frames; the _per_prediction columns are of all views of one clip. peak_mem_gb and train_mem_gb (see
`lcr.cost.count`) stand in the whole's row, where they were measured, on `device`. The models of Table 1 follow with no
dataset.
"""

from lcr.config.run import Run
from lcr.cost import counted
from lcr.study.tables.frame import Column, Row, Source, integer, number
from lcr.study.tables.registry import TABLES
from lcr.util.errors import InputError

COLUMNS = (
    *("study", "dataset", "model", "variant"),
    *integer("frames", "views"),
    "component",
    *integer("params", "macs", required=True),
    *integer("flops", "elementwise"),
    *integer("macs_per_prediction", "flops_per_prediction", "elementwise_per_prediction"),
    *number(".4g", "peak_mem_gb", "train_mem_gb", machine=True),
    Column("device", machine=True),
    "note",
)
WHOLE = "all"


class Costs:
    """The costs of a study's variants, read once.

    Raises:
        InputError: the study has no cost.csv, or it is damaged.
    """

    def __init__(self, source: Source) -> None:
        table = TABLES["cost"]
        self._path, self._again = source.folder / "cost.csv", table.again(source.study.given)
        frame = source.read(table)
        rows = frame[frame.component == WHOLE].to_dict("records")
        self._rows = {(row["dataset"], row["variant"]): row for row in rows}

    def of(self, dataset: str, variant: str) -> Row:
        """params_m, gmacs, gflops and peak_mem_gb of one variant.

        Raises:
            InputError: the table lacks the variant.
        """
        if (dataset, variant) not in self._rows:
            raise InputError(f"{self._path} lacks {dataset}/{variant}; {self._again}")
        row = self._rows[dataset, variant]
        giga = row["macs"] / 1e9
        params = {"params_m": row["params"] / 1e6, "peak_mem_gb": row["peak_mem_gb"]}
        return {**params, "gmacs": giga, "gflops": 2 * row["macs"] / 1e9}

    def check(self, run: Run, classes: int) -> None:
        """Refuses a table that is not of the very model that was run.

        Raises:
            InputError: as for `of`; or the table counts another model than that of the run.
        """
        self.of(run.dataset, run.variant.name)
        row = self._rows[run.dataset, run.variant.name]
        if (row["params"], row["macs"]) != counted(run.model(classes), run.config.data.frames):
            what = f"{run.dataset}/{run.variant.name}"
            raise InputError(f"{self._path} is of another {what} than the runs are; {self._again}")
