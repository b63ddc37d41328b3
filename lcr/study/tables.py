"""Tables by name: made per study under results/<study>/, published by copying to results/.

Columns of table2 and ablations: one row a method. Accuracies in percent, differences in percentage points (variant
minus full, paired by seed and clip), intervals 95% over seeds and clips, params_m in millions, gmacs and gflops in 1e9
for one view, peak_mem_gb for one view's inference. Cells that end in _printed are the paper's, unit as printed; `note`
says in words what a row is not. Columns of temporal: see `lcr.study.temporal`.
"""

from collections.abc import Sequence
from pathlib import Path

from lcr.config import StudyConfig
from lcr.errors import InputError, unknown
from lcr.files import write_aside
from lcr.study import accuracy, temporal
from lcr.study.rows import Row, write_rows

COLUMNS = {"table2": accuracy.COLUMNS, "ablations": accuracy.COLUMNS, "temporal": temporal.COLUMNS}


def table_rows(name: str, study: StudyConfig, results: str | Path, root: str | Path | None = None) -> list[Row]:
    """The rows of a table of one study.

    table2: the paper's Table 2 and the study's table2 dataset; ablations: all its datasets; temporal: the pairs of
    classes that are each other's time reverse, in all its datasets.

    Raises:
        InputError: no table has this name; a run is missing, damaged or stale; or runs cannot be compared.
    """
    if name not in COLUMNS:
        raise unknown("table", name, COLUMNS)
    if name == "table2":
        return accuracy.published_rows() + accuracy.accuracy_rows(study, [study.table2], results, root)
    make = accuracy.accuracy_rows if name == "ablations" else temporal.temporal_rows
    return make(study, list(study.datasets), results, root)


def write_table(name: str, study: StudyConfig, results: str | Path, root: str | Path | None = None) -> Path:
    """Makes results/<study>/NAME.csv and returns its path.

    Raises:
        InputError: as for `table_rows`, or the place cannot be written to. An earlier table then stays as it was.
    """
    rows = table_rows(name, study, results, root)
    path = Path(results) / study.name / f"{name}.csv"
    write_rows(path, COLUMNS[name], rows)
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
    if name not in COLUMNS:
        raise unknown("table", name, COLUMNS)
    view = _temporal_view if name == "temporal" else _accuracy_view
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
    return "\n".join([*lines, "", *(f"<sup>{k}</sup> {note}.  " for k, note in enumerate(notes, 1)), "", _LEGEND[name]])


_INTERVALS = "Brackets: 95% intervals over seeds and clips."
_TESTS = (
    f"{_INTERVALS} Δ: paired difference from the full model. p: exact sign-flip test over seeds on these clips, after "
    "Holm; ≥ gives the least value that this number of seeds can reach."
)
_LEGEND = {
    "table2": f"{_TESTS} Cells in quotes are printed so in the paper, whose unit of FLOPs is in doubt.",
    "ablations": _TESTS,
    "temporal": f"{_INTERVALS} Pair accuracy: the own label scores above its time reverse.",
}


def _with_interval(row: Row, value: str, interval: str) -> str:
    if not row.get(value):
        return "–"
    ends = row.get(f"{interval}_ci_low"), row.get(f"{interval}_ci_high")
    return f"{row[value]} [{ends[0]}, {ends[1]}]" if all(ends) else row[value]


def _accuracy_view(row: Row) -> dict[str, str]:
    def either(measured: str, printed: str, unit: str = "") -> str:
        if row.get(measured):
            return f"{float(row[measured]):.3g}"
        return f"“{row[printed]}{unit}”" if row.get(printed) else "–"

    signed = row | {name: f"{float(row[name]):+.2f}" for name in row if name.startswith("delta_") and row[name]}
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
