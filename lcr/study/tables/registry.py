"""Tables by name: made per study under results/<study>/, published by copying to results/.

Columns of table2 and ablations: one row a method. Accuracies in percent, differences in percentage points (variant
minus full, paired by seed and clip), intervals 95% over seeds and clips, params_m in millions, gmacs and gflops in 1e9
for one view, peak_mem_gb for one view's inference. Cells that end in _printed are the paper's, unit as printed; `note`
says in words what a row is not. The other tables' columns: see the module of each, as `lcr.study.tables.temporal`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from lcr.config.study import StudyConfig
from lcr.study.claims import table as claims
from lcr.study.tables import accuracy, costs, readings, table1, temporal
from lcr.study.tables import search as reading_search
from lcr.study.tables import statistics as statistics_table
from lcr.study.tables.rows import Row, float_of, write_rows
from lcr.util.errors import InputError, unknown
from lcr.util.files import write_aside


@dataclass(frozen=True)
class Source:
    """What a table is made from: a study's runs below `results`, and the project that says what its variants are.

    mixed: let runs of one dataset through that differ in data or protocol; their rows then say so.
    measure: fill in what the machine must measure (see `Table`), which may take long.
    """

    study: StudyConfig
    results: str | Path
    root: str | Path | None = None
    mixed: bool = False
    measure: bool = True


@dataclass(frozen=True)
class Table:
    """A table by name: its columns, and its maker, which `lcr table` and `lcr verify` both call.

    machine: columns that are measured on the machine which makes the table, so that no other computes their values;
        empty where the source says not to measure.
    mixes: whether `Source.mixed` makes a difference.
    """

    columns: tuple[str, ...]
    make: Callable[[Source], list[Row]]
    machine: tuple[str, ...] = ()
    mixes: bool = False


def _table2(source: Source) -> list[Row]:
    """The paper's Table 2, and the study's table2 dataset."""
    return accuracy.published_rows() + _runs(accuracy.accuracy_rows, source, [source.study.table2])


def _cost(source: Source) -> list[Row]:
    from lcr.study.tables.cost_rows import cost_rows  # slow to import

    return list(cost_rows(source.study, results=source.results, measure=source.measure))


@cache
def _found() -> Any:
    """The search for the reading that fits Table 1, of which two tables are made."""
    from lcr.cost.search import search

    return search()


@cache
def _search(study: str, rows: Callable[[str, Any], list[Row]]) -> list[Row]:
    """Seconds of work that depend on nothing in `results`; a verifier asks more than once."""
    return rows(study, _found())


def _runs(make: Callable[..., list[Row]], source: Source, datasets: Sequence[str] | None = None) -> list[Row]:
    """The rows of a table of runs: of all datasets, unless told otherwise."""
    datasets = list(source.study.datasets if datasets is None else datasets)
    return make(source.study, datasets, source.results, source.root, mixed=source.mixed)


# Every table there is. A new one is registered here, and by name in lcr.workflow.TABLES, which must load in no time.
TABLES: dict[str, Table] = {
    "table1": Table(table1.COLUMNS, lambda source: table1.table1_rows()),
    "cost": Table(costs.COLUMNS, _cost, machine=costs.MACHINE),
    "table2": Table(accuracy.COLUMNS, _table2, mixes=True),
    "ablations": Table(accuracy.COLUMNS, lambda source: _runs(accuracy.accuracy_rows, source), mixes=True),
    "temporal": Table(temporal.COLUMNS, lambda source: _runs(temporal.temporal_rows, source), mixes=True),
    "statistics": Table(
        statistics_table.COLUMNS, lambda source: _runs(statistics_table.statistics_rows, source), mixes=True
    ),
    "readings": Table(
        readings.COLUMNS, lambda source: readings.readings_rows(source.study, source.results, source.root)
    ),
    "reading_search": Table(
        reading_search.COLUMNS, lambda source: _search(source.study.name, reading_search.search_rows)
    ),
    "reading_search_axes": Table(
        reading_search.AXES_COLUMNS, lambda source: _search(source.study.name, reading_search.axes_rows)
    ),
    "claims": Table(claims.COLUMNS, lambda source: claims.claim_rows(source.study, source.results, source.root)),
}


def table_rows(
    name: str, study: StudyConfig, results: str | Path, root: str | Path | None = None, *, mixed: bool = False
) -> list[Row]:
    """The rows of a table of one study.

    table1: the paper's Table 1 as printed and as counted; table2: the paper's Table 2 and the study's table2 dataset;
    ablations: all its datasets; temporal: the pairs of classes that are each other's time reverse, in all its datasets;
    statistics: how sure each number is; readings: what each reading of the paper changes; claims: the paper's claims
    with their verdicts, from the other tables of the study.

    Raises:
        InputError: no table has this name; a run is missing, damaged or stale; or runs cannot be compared.
    """
    if name not in TABLES:
        raise unknown("table", name, TABLES)
    return TABLES[name].make(Source(study, results, root, mixed))


def write_table(
    name: str, study: StudyConfig, results: str | Path, root: str | Path | None = None, *, mixed: bool = False
) -> Path:
    """Makes results/<study>/NAME.csv and returns its path.

    Raises:
        InputError: as for `table_rows`, or the place cannot be written to. An earlier table then stays as it was.
    """
    rows = table_rows(name, study, results, root, mixed=mixed)
    path = Path(results) / study.name / f"{name}.csv"
    write_rows(path, TABLES[name].columns, rows)
    return path


def publish(path: Path, results: str | Path) -> Path:
    """Copies results/<study>/FILE over results/FILE, whole or not at all.

    Raises:
        InputError: the place cannot be written to.
    """
    target = Path(results) / path.name
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error
    with write_aside(target) as aside:
        aside.write_bytes(content)
    return target


# Markdown: for readers, so fewer columns, numbers with their intervals, and units in the heads.


def markdown(name: str, rows: Sequence[Row]) -> str:
    """A table as Markdown, from the rows of its CSV; notes stand below it, so that every row's caveat is read once."""
    if name not in TABLES:
        raise unknown("table", name, TABLES)
    view = _VIEWS.get(name, _plain_view)
    notes = list(dict.fromkeys(row["note"] for row in rows if row.get("note")))
    lines = []
    for number, row in enumerate(rows):
        cells = view(row)
        if row.get("note"):
            first = next(iter(cells))
            cells[first] += f" <sup>{notes.index(row['note']) + 1}</sup>"
        if number == 0:
            lines += ["| " + " | ".join(cells) + " |", "|" + "---|" * len(cells)]
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells.values()) + " |")
    footnotes = [f"<sup>{k}</sup> {note}.  " for k, note in enumerate(notes, 1)]
    return "\n".join([*lines, "", *footnotes, "", _LEGEND.get(name, "")])


_INTERVALS = "Brackets: 95% intervals over seeds and clips."
_TESTS = (
    f"{_INTERVALS} Δ: paired difference from the full model. p: exact sign-flip test over seeds on these clips, after "
    "Holm; ≥ gives the least value that this number of seeds can reach."
)
_LEGEND = {
    "table1": "Errors: counted against published. FLOPs: two a multiply-add, of one view.",
    "readings": f"{_INTERVALS} Δ: paired difference from the reading used. Gradients: before clipping, of one seed.",
    "table2": f"{_TESTS} Cells in quotes are printed so in the paper, whose unit of FLOPs is in doubt.",
    "ablations": _TESTS,
    "temporal": f"{_INTERVALS} Pair accuracy: the own label scores above its time reverse.",
    "statistics": (
        f"{_INTERVALS} From seeds, clips: shares of the uncertainty of Top-1. Effect: Hedges' g of the differences by "
        "seed. Detectable: the least true difference that 80% of such studies find, by interval and by sign-flip test."
    ),
    "claims": "Verdicts by the rules of `lcr/study/verdicts.py`; untested: not on the paper's data, or not at all.",
}


def _with_interval(row: Row, value: str, interval: str) -> str:
    if not row.get(value):
        return "–"
    ends = row.get(f"{interval}_ci_low"), row.get(f"{interval}_ci_high")
    return f"{row[value]} [{ends[0]}, {ends[1]}]" if all(ends) else row[value]


def _accuracy_view(row: Row) -> dict[str, str]:
    def either(measured: str, printed: str, unit: str = "") -> str:
        if row.get(measured):
            return f"{float_of(row, measured):.3g}"
        return f"“{row[printed]}{unit}”" if row.get(printed) else "–"

    signed = row | {name: f"{float_of(row, name):+.2f}" for name in row if name.startswith("delta_") and row[name]}
    p = f"{row['p_holm']} (≥ {row['p_floor_holm']})" if row.get("p_holm") else "–"
    answers = f"{row['seeds']} × {row['clips']}" if row.get("seeds") else "–"
    return {
        "Method": row["method"],
        "Clips of": row["dataset"],
        "Top-1 (%)": _with_interval(row, "top1", "top1"),
        "Top-5 (%)": row.get("top5") or "–",
        "Δ Top-1 (points)": _with_interval(signed, "delta_top1", "delta"),
        "p": p,
        "Parameters (M)": either("params_m", "params_m_printed"),
        "GFLOPs": either("gflops", "flops_printed", f" {row.get('flops_unit_printed', '')}"),
        "Memory (GB)": either("peak_mem_gb", "mem_gb_printed"),
        "Seeds × clips": answers,
    }


def _temporal_view(row: Row) -> dict[str, str]:
    return {
        "Method": row["method"],
        "Clips of": row["dataset"],
        "Condition": row.get("condition", "").replace("_", " ") or "–",
        "Pair accuracy (%)": _with_interval(row, "pair_accuracy", "pair_accuracy"),
        "Answers that flip (%)": _with_interval(row, "flips", "flips"),
        "Seeds × clips": f"{row['seeds']} × {row['clips']}",
    }


def _statistics_view(row: Row) -> dict[str, str]:
    return {
        "Method": row["method"],
        "Clips of": row["dataset"],
        "Top-1 (%)": _with_interval(row, "top1", "top1"),
        "From seeds, clips (%)": f"{row.get('share_seed') or '–'}, {row.get('share_clip') or '–'}",
        "Δ Top-1 (points)": _with_interval(row, "delta_top1", "delta"),
        "Effect (g)": _with_interval(row, "effect_g", "effect"),
        "p": row.get("p_holm") or "–",
        "Detectable (points)": f"{row.get('detectable_interval') or '–'}, {row.get('detectable_signs') or '–'}",
        "Seeds × clips": f"{row['seeds']} × {row['clips']}",
    }


def _claims_view(row: Row) -> dict[str, str]:
    measured = f"{row['measured']} [{row['ci_low']}, {row['ci_high']}]" if row.get("ci_low") else row.get("measured")
    return {
        "Claim": row["claim"],
        "Where": row["where"],
        "Published": row.get("published") or "–",
        "Measured": measured or "–",
        "Verdict": row["verdict"],
        "Why": row["why"],
    }


def _table1_view(row: Row) -> dict[str, str]:
    return {
        "Model": row["model"],
        "Reading": row["reading"],
        "Parameters (M)": f"{float_of(row, 'params_m'):.2f}",
        "published": row["params_m_published"],
        "error (%)": f"{float_of(row, 'params_error_pct'):+.1f}",
        "GMACs": f"{float_of(row, 'gmacs'):.4g}",
        "GFLOPs": f"{float_of(row, 'gflops'):.4g}",
        "published (T)": row["flops_t_published"],
        "error of FLOPs (%)": f"{float_of(row, 'flops_error_pct'):+.0f}",
    }


def _readings_view(row: Row) -> dict[str, str]:
    return {
        "Where": row["discrepancy"],
        "Reading": row["title"] + (" (used)" if row["default"] == "yes" else ""),
        "Parameters (M)": f"{float_of(row, 'params_m'):.3f}",
        "GMACs": f"{float_of(row, 'gmacs'):.3g}",
        "First gradient": row["grad_norm_first_step"] or "–",
        "at step 50": row["grad_norm_step_50"] or "–",
        "Never trained": row["never_trained_params"] or "–",
        "∂/∂RGB": row["d_logits_d_rgb"] or "–",
        "∂/∂edges": row["d_logits_d_edges"] or "–",
        "Cell growth": row["cell_growth_64"] or "–",
        "Top-1 (%)": _with_interval(row, "top1", "top1"),
        "Δ Top-1 (points)": _with_interval(row, "delta_top1", "delta"),
    }


def _plain_view(row: Row) -> dict[str, str]:
    return {name.replace("_", " "): value or "–" for name, value in row.items() if name != "note"}


_VIEWS: dict[str, Callable[[Row], dict[str, str]]] = {
    "table1": _table1_view,
    "readings": _readings_view,
    "table2": _accuracy_view,
    "ablations": _accuracy_view,
    "temporal": _temporal_view,
    "statistics": _statistics_view,
    "claims": _claims_view,
}
