"""cost: the costs of each variant of each dataset's model, made by `lcr cost --study`, and read by the other tables.

One row a component, and one for the whole ("all"). params, macs, flops and elementwise are integers, of one view of
`frames` frames; the _per_prediction columns are of all views of one clip. peak_mem_gb and train_mem_gb (see
`lcr.cost.count`) stand in the whole's row, where they were measured, on `device`. The models of Table 1 follow with no
dataset.
"""

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
        rows = source.read(table).query("component == @WHOLE").to_dict("records")
        self._rows = {(row["dataset"], row["variant"]): row for row in rows}

    def of(self, dataset: str, variant: str, run: tuple[int, int] | None = None) -> Row:
        """params_m, gmacs, gflops and peak_mem_gb of one variant.

        Args:
            run: parameters and multiply-adds of the model that was run, where it was; the table must be of that model.

        Raises:
            InputError: the table lacks the variant, or counts another model than the one that was run.
        """
        row = self._rows.get((dataset, variant))
        if row is None or run not in (None, (row["params"], row["macs"])):
            wrong = "lacks" if row is None else "counts another model than was run as"
            raise InputError(f"{self._path} {wrong} {dataset}/{variant}; {self._again}")
        counts = {"params_m": row["params"] / 1e6, "gmacs": row["macs"] / 1e9, "gflops": 2 * row["macs"] / 1e9}
        return counts | {"peak_mem_gb": row["peak_mem_gb"]}
