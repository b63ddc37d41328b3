"""Tables as Markdown, for readers: fewer columns than the CSV, numbers with their intervals, units in the heads.

A view is a column's head with templates of its cells. The first template whose columns are all there in a row is the
cell; a dash, if there is none. `{name}` is a cell as in the CSV, `{name:FORMAT}` the number in another format, and
`{flag:TEXT}` the text where the flag is true.
"""

import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from lcr.study.tables.frame import Column, Table

if TYPE_CHECKING:
    import pandas as pd

NONE = "–"
_ARM = {"Method": ("{method}",), "Dataset": ("{dataset}",)}
_TOP1 = {"Top-1 (%)": ("{top1} [{top1_ci_low}, {top1_ci_high}]", "{top1}")}
_DELTA = {"Δ Top-1 (points)": ("{delta_top1:+z.2f} [{delta_ci_low:+z.2f}, {delta_ci_high:+z.2f}]",)}
_SIZE = {"Seeds × clips": ("{seeds} × {clips}",)}
ACCURACY = {
    **_ARM,
    **_TOP1,
    "Top-5 (%)": ("{top5}",),
    **_DELTA,
    "p": ("{p_family} (≥ {p_floor})",),
    "Parameters (M)": ("{params_m:.3g}", "“{params_m_printed}”"),
    "GFLOPs": ("{gflops:.3g}", "“{flops_printed} {flops_unit_printed}”"),
    "Memory (GB)": ("{peak_mem_gb:.3g}", "“{mem_gb_printed}”"),
    **_SIZE,
}
TEMPORAL = {
    **_ARM,
    "Condition": ("{condition}",),
    "Pair accuracy (%)": ("{pair_accuracy} [{pair_accuracy_ci_low}, {pair_accuracy_ci_high}]", "{pair_accuracy}"),
    "Predictions that flip (%)": ("{flips} [{flips_ci_low}, {flips_ci_high}]", "{flips}"),
    **_SIZE,
}
STATISTICS = {
    **_ARM,
    **_TOP1,
    "From seeds, clips (%)": ("{share_seed}, {share_clip}",),
    **_DELTA,
    "Effect (g)": ("{effect_g} [{effect_ci_low}, {effect_ci_high}]",),
    "p": ("{p_family}",),
    "Detectable (points)": ("{detectable_interval}, {detectable_signs}", "{detectable_interval}"),
    **_SIZE,
}
CLAIMS = {
    "Claim": ("{claim}",),
    "Where": ("{where}",),
    "Cause": ("{cause}",),
    "Kind": ("{kind}, {printed}",),
    "Published": ("{published}",),
    "Measured": ("{measured} [{ci_low}, {ci_high}]", "{measured}"),
    "Verdict": ("{verdict}",),
    "Why": ("{why}",),
}
MULTIVERSE = {
    "Ablation": ("{variant}",),
    "Interpretation": ("{interpretation}",),
    "K, V": ("{kv}",),
    "x^e of the class token": ("{class_token}",),
    "CauConv": ("{convolution}",),
    "State": ("{state}",),
    "Full (%)": ("{full_top1}",),
    **_DELTA,
    "p": ("{p_family} (≥ {p_floor})",),
    "Verdict": ("{verdict}",),
}
MULTIVERSE_VERDICTS = {
    "Ablation": ("{variant}",),
    "Verdict": ("{verdict} on {depends_on}", "{verdict}"),
    "Tested": ("{tested}",),
    "Helps": ("{helps}",),
    "Harms": ("{harms}",),
    "No difference": ("{no_difference}",),
    "Undecided": ("{undecided}",),
    "Δ least, most (points)": ("{delta_least:+z.2f}, {delta_most:+z.2f}",),
    "Cannot act under": ("{cannot_act_under}",),
    "Not counted": ("{not_counted}",),
}
AUDIT = {
    "Check": ("{check}",),
    "Arm": ("{variant}",),
    "Measured": ("{measured} {unit}",),
    "Bar": ("{bar}",),
    "Holds": ("{holds}",),
}
TABLE1 = {
    "Model": ("{model}",),
    "Reading": ("{reading}",),
    "Parameters (M)": ("{params_m:.2f}",),
    "published": ("{params_m_published}",),
    "error (%)": ("{params_error_pct:+.1f}",),
    "GMACs": ("{gmacs:.4g}",),
    "GFLOPs": ("{gflops:.4g}",),
    "published (T)": ("{flops_t_published}",),
    "error of FLOPs (%)": ("{flops_error_pct:+.0f}",),
}
READINGS = {
    "Where": ("{discrepancy}",),
    "Reading": ("{title}{default: (used)}",),
    "Parameters (M)": ("{params_m:.3f}",),
    "GMACs": ("{gmacs:.3g}",),
    "First gradient": ("{grad_norm_first_step}",),
    "at step 50": ("{grad_norm_step_50}",),
    "Never trained": ("{never_trained_params}",),
    "∂/∂RGB": ("{d_logits_d_rgb}",),
    "∂/∂edges": ("{d_logits_d_edges}",),
    "Cell growth": ("{cell_growth_64}",),
    **_TOP1,
    **_DELTA,
}


class _Cell(NamedTuple):
    """A value of a row for a template."""

    column: Column
    value: Any

    def __format__(self, form: str) -> str:
        if form and self.column.kind == "flag":
            return form if self.value else ""
        return format(self.value, form) if form else self.column.cell(self.value)


def markdown(table: Table, frame: "pd.DataFrame") -> str:
    """A table as Markdown; the notes stand below it, each once, and the legend below them.

    A table without p where every test stands at the least value that its seeds can give: the legend says so.
    """
    view = table.view or {name.replace("_", " "): (f"{{{name}}}",) for name in table.names if name != "note"}
    legend = table.legend
    if floor := _all_at_the_floor(frame):
        view = {head: templates for head, templates in view.items() if head != "p"}
        legend += f" Every test stands at its floor of p = {floor}."
    notes: dict[str, int] = {}
    lines = [[*view], ["---"] * len(view)]
    for values, cells in zip(frame.to_dict("records"), table.cells(frame).to_dict("records"), strict=True):
        known = {one.name: _Cell(one, values[one.name]) for one in table.columns if cells[one.name]}
        line = [_text(_first(templates, known)).replace("|", "\\|") for templates in view.values()]
        if note := cells.get("note"):
            line[0] += f" <sup>{notes.setdefault(note, len(notes) + 1)}</sup>"
        lines.append(line)
    footnotes = [f"<sup>{number}</sup> {_text(note)}.  " for note, number in notes.items()]
    return "\n".join([*(f"| {' | '.join(line)} |" for line in lines), "", *footnotes, "", legend])


def _all_at_the_floor(frame: "pd.DataFrame") -> str:
    """The floors of a table's tests as text where each test stands at its own; else empty."""
    if not {"p_family", "p_floor"} <= {*frame.columns}:
        return ""
    tested = frame[frame.p_family.notna()]
    at_floor = tested.p_family <= tested.p_floor * (1 + 1e-3)  # CSVs round to four digits
    return ", ".join(sorted({f"{floor:.2g}" for floor in tested.p_floor})) if at_floor.all() else ""


def _text(cell: str) -> str:
    """A cell's text with HTML tags as text: pages show the tables, and a table may come from anybody."""
    return re.sub(r"<(?=[A-Za-z/!?])", "&lt;", cell)


def _first(templates: tuple[str, ...], known: dict[str, _Cell]) -> str:
    """The first template whose columns are all known, filled in."""
    for template in templates:
        with suppress(KeyError):
            return template.format_map(known)
    return NONE
