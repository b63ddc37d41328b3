"""The one registry of tables: columns, makers, commands and Markdown. Free of pandas until a table is made.

A table is made per study under results/<study>/, and published by copying to results/. The module that a table's
`schema` names explains its columns.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from lcr.study.tables import markdown
from lcr.study.tables.frame import Source, Table
from lcr.util.errors import unknown

if TYPE_CHECKING:
    from lcr.config.run import Run
    from lcr.config.study import StudyConfig

_INTERVALS = "Brackets: 95% intervals over seeds and clips."
_TESTS = (
    f"{_INTERVALS} Δ: paired difference from the full model. p: exact joint sign flips of the seeds, step-down over "
    "the dataset's ablations; ≥ gives the least value that this number of seeds can reach. Primary family: the "
    "ablations of a main study on its table2 dataset; all other tests are secondary."
)
_HERE = "lcr.study.tables"

_ALL = (
    Table(
        "table1",
        f"{_HERE}.table1:COLUMNS",
        f"{_HERE}.table1:rows",
        title="The paper's Table 1 as printed and as counted",
        legend="Errors: counted against published. FLOPs: two a multiply-add, of one view.",
        view=markdown.TABLE1,
    ),
    Table(
        "table2",
        f"{_HERE}.accuracy:COLUMNS",
        f"{_HERE}.accuracy:table2_rows",
        needs=("cost",),
        runs="table2",
        mixes=True,
        title="The paper's Table 2, and the study's dataset beside it",
        legend=f"{_TESTS} Cells in quotes are printed so in the paper, whose unit of FLOPs is in doubt.",
        view=markdown.ACCURACY,
    ),
    Table(
        "ablations",
        f"{_HERE}.accuracy:COLUMNS",
        f"{_HERE}.accuracy:ablations_rows",
        needs=("cost",),
        runs="all",
        mixes=True,
        title="Each variant's accuracy and cost on each dataset",
        legend=_TESTS,
        view=markdown.ACCURACY,
    ),
    Table(
        "temporal",
        f"{_HERE}.temporal:COLUMNS",
        f"{_HERE}.temporal:rows",
        runs="all",
        mixes=True,
        title="Pairs of classes that are each other's time reverse",
        legend=f"{_INTERVALS} Pair accuracy: the own label scores above its time reverse.",
        view=markdown.TEMPORAL,
    ),
    Table(
        "pairs",
        f"{_HERE}.reversed_pairs:COLUMNS",
        f"{_HERE}.reversed_pairs:rows",
        runs="all",
        mixes=True,
        title="Accuracy on each pair of classes that are each other's time reverse",
        legend=f"{_INTERVALS} Chance is 50%. Frozen: the last frame repeated, which leaves no order to see.",
    ),
    Table(
        "statistics",
        f"{_HERE}.statistics:COLUMNS",
        f"{_HERE}.statistics:rows",
        runs="all",
        mixes=True,
        title="Uncertainty, effect size and power",
        legend=(
            f"{_INTERVALS} From seeds, clips: shares of the uncertainty of Top-1. Effect: Hedges' g of the differences "
            "by seed. Detectable: the least true difference that a study of this size finds with 80% power, by "
            "interval and by the sign-flip test of one ablation alone."
        ),
        view=markdown.STATISTICS,
    ),
    Table(
        "audit",
        f"{_HERE}.audit:COLUMNS",
        f"{_HERE}.audit:rows",
        runs="table2",
        mixes=True,
        title="What a sceptic would check, on the dataset of Table 2",
        legend="Each check with its number and its bar; what a check measures: `lcr/study/tables/audit.py`.",
        view=markdown.AUDIT,
    ),
    Table(
        "readings",
        f"{_HERE}.readings:COLUMNS",
        f"{_HERE}.readings:rows",
        needs=("reading_diagnosis",),
        runs="readings",
        title="The paper's open questions, each with its readings",
        legend=f"{_INTERVALS} Δ: paired difference from the reading used. Gradients: before clipping, of one seed.",
        view=markdown.READINGS,
    ),
    Table(
        "tuning",
        f"{_HERE}.sweeps:TUNING_COLUMNS",
        f"{_HERE}.sweeps:tuning_rows",
        runs="all",
        of="rates",
        title="Each arm at each learning rate, on performers kept apart for it",
        legend=f"{_INTERVALS} Chosen: the best rate of an arm. Frozen: the rate that the main study trains it at.",
    ),
    Table(
        "convergence",
        f"{_HERE}.sweeps:CONVERGENCE_COLUMNS",
        f"{_HERE}.sweeps:convergence_rows",
        runs="all",
        of="lengths",
        title="Each arm after the study's steps and after half as many again",
        legend=f"{_INTERVALS} Plateau: the upper end of the mean gain is below 3 points.",
    ),
    Table(
        "multiverse",
        f"{_HERE}.multiverse:COLUMNS",
        f"{_HERE}.multiverse:rows",
        runs="acting",
        mixes=True,
        of="interpretations",
        title="Every ablation under every interpretation of the paper",
        legend=(
            f"{_INTERVALS} Δ: paired difference from the full model under the same interpretation. p: joint sign "
            "flips, step-down over every ablation and interpretation that was trained."
        ),
        view=markdown.MULTIVERSE,
    ),
    Table(
        "multiverse_verdicts",
        f"{_HERE}.multiverse:VERDICT_COLUMNS",
        f"{_HERE}.multiverse:verdict_rows",
        needs=("multiverse",),
        of="interpretations",
        title="The verdict on each ablation over all interpretations",
        legend="A verdict is that of more than half of the interpretations that were tested, where no other has "
        "another verdict. Depends: the verdicts differ. Least, most: of Δ over the interpretations, in points.",
        view=markdown.MULTIVERSE_VERDICTS,
    ),
    Table(
        "claims",
        "lcr.study.claims.table:COLUMNS",
        "lcr.study.claims.table:claim_rows",
        needs=("statistics", "temporal"),
        title="The paper's claims with their verdicts",
        legend="Verdicts by the rules of `lcr/study/claims/verdicts.py`. Untested: not on the paper's data, or not at "
        "all. Untestable: no outcome could contradict it. Rows of one cause stand or fall together and count once.",
        view=markdown.CLAIMS,
    ),
    Table(
        "cost",
        f"{_HERE}.costs:COLUMNS",
        f"{_HERE}.cost_rows:rows",
        command="cost",
        title="Parameters, multiply-adds, FLOPs and memory by component",
    ),
    Table(
        "reading_diagnosis",
        f"{_HERE}.readings:DIAGNOSIS_COLUMNS",
        command="readings diagnose",
        title="Each reading's first training steps",
    ),
    Table(
        "reading_gradients",
        f"{_HERE}.readings:GRADIENT_COLUMNS",
        command="readings diagnose",
        title="Each reading's gradients by parameter",
    ),
    Table(
        "reading_search",
        f"{_HERE}.search:COLUMNS",
        f"{_HERE}.search:rows",
        command="readings search",
        title="The readings that come nearest to Table 1",
    ),
    Table(
        "reading_search_axes",
        f"{_HERE}.search:AXES_COLUMNS",
        f"{_HERE}.search:rows_by_axis",
        command="readings search",
        title="The nearest reading with each single answer",
    ),
)
TABLES: dict[str, Table] = {table.name: table for table in _ALL}


def made_by(command: str) -> tuple[str, ...]:
    """The tables of a whole study that one command writes: `cost`, `readings diagnose`, `readings search`, `table`."""
    return tuple(table.name for table in _ALL if (table.command or "table") == command and table.of == "whole")


def tables_of(study: "StudyConfig") -> tuple[str, ...]:
    """The tables that a study has: those of its sweep or its multiverse, else those of a whole study."""
    sweep = study.sweep
    has = {"rates": sweep and sweep.learning_rates, "lengths": sweep and sweep.lengths}
    kinds = {kind for kind, given in (has | {"interpretations": study.interpretations}).items() if given} or {"whole"}
    return tuple(table.name for table in _ALL if table.of in kinds)


def table_named(name: str) -> Table:
    """A table by name.

    Raises:
        InputError: no table has this name; the nearest one is named.
    """
    if name not in TABLES:
        raise unknown("table", name, TABLES)
    return TABLES[name]


def write_table(name: str, source: Source) -> Path:
    """Makes results/<study>/NAME.csv and returns its path.

    Raises:
        InputError: as for `Table.make`, or the file cannot be written. An earlier table then stays as it was.
    """
    table = table_named(name)
    return source.write(table, table.rows(source))


def runs_of_table(table: Table, study: "StudyConfig", results: str | Path) -> "list[Run]":
    """The runs that a table is made from, without those of the tables that it needs."""
    from lcr.config.run import reading_runs, runs_of

    match table.runs:
        case "all":
            return runs_of(study, results)
        case "table2":
            return runs_of(study, results, datasets=[study.table2])
        case "readings":
            return reading_runs(study, results)
        case "acting":
            return [run for run in runs_of(study, results, datasets=[study.table2]) if run.acts]
    return []
