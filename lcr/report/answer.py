"""The answer in ten lines, from the rows of a study's tables and nothing else.

Every sentence follows from numbers by a rule in this file: other numbers, other words. What decides is whether a 95%
interval leaves out the value in question; the test over seeds, after Holm, says how sure that is.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from lcr.config.datasets import is_synthetic
from lcr.config.study import FULL
from lcr.study.claims.caveats import CAVEATS
from lcr.study.claims.verdicts import CONTRADICTED, INCONCLUSIVE, SUPPORTED, UNTESTED, VERDICTS
from lcr.study.tables.rows import Row, float_of, short
from lcr.study.tables.statistics import EQUAL
from lcr.study.tables.table1 import DEFAULT

Tables = Mapping[str, Sequence[Row]]
ALPHA = 0.05
HALF = 50.0  # percent: a pair answered by tossing a coin


def answer_lines(tables: Tables, classes: int) -> list[str]:
    """What the study says, one statement a line, in the order in which a reader asks.

    Args:
        tables: rows by the name of their table; a table that is not there is not spoken of.
        classes: of Table 2's dataset.
    """
    measured = [row for row in tables["table2"] if row["source"] == "measured"]
    full = next(row for row in measured if row["variant"] == FULL)
    return [
        _data(full),
        _full(full, classes),
        *(_ablation(row, tables) for row in measured if row["variant"] != FULL),
        *_time(tables, full["dataset"]),
        *_text(tables.get("table1", ()), tables.get("readings", ())),
        *_claims(tables.get("claims", ())),
    ]


def _data(full: Row) -> str:
    amount = f"{full['seeds']} seed{'s' * (full['seeds'] != '1')} × {full['clips']} clips of `{full['dataset']}`"
    if _generated(full["dataset"]):
        return (
            f"All accuracies are on **generated clips, not the paper's data** ({amount}): none confirms or refutes one "
            "of the paper's."
        )
    return f"Accuracies are on the paper's data ({amount}){_note(full)}."


def _note(row: Row) -> str:
    return f": {row['note']}" if row.get("note") else ""


def _generated(dataset: str) -> bool:
    return is_synthetic(dataset)


def _full(full: Row, classes: int) -> str:
    chance = 100 / classes
    low, high = float_of(full, "top1_ci_low"), float_of(full, "top1_ci_high")
    sure = "above chance" if low > chance else "below chance" if high < chance else "not to be told from chance"
    return (
        f"The full model reaches {full['top1']}% [{full['top1_ci_low']}, {full['top1_ci_high']}] of {classes} classes, "
        f"{sure} ({chance:.1f}%)."
    )


def _ablation(row: Row, tables: Tables) -> str:
    title = short(row["method"])
    name = f"**{title[0].upper()}{title[1:]}**"
    statistics = tables.get("statistics", ())
    own = _statistics(row, statistics)
    if _equal(own):
        said = "answers every clip as the full model does: it tests nothing here."
    else:
        said = _effect(row, own.get("detectable_interval", ""))
    others = [
        other
        for other in tables.get("ablations", ())
        if other["variant"] == row["variant"] and other["dataset"] != row["dataset"]
    ]
    differ = [other for other in others if not _equal(_statistics(other, statistics))]
    elsewhere = [
        f"`{other['dataset']}` {_difference(other) if other in differ else 'the same answers'}" for other in others
    ]
    also = f" Elsewhere: {', '.join(elsewhere)}." if differ else ""
    caveat = f" Mind: {CAVEATS[row['variant']]}." if row["variant"] in CAVEATS else ""
    return f"{name} {said}{also}{caveat}"


def _equal(statistics: Row) -> bool:
    return EQUAL in statistics.get("note", "")


def _statistics(row: Row, statistics: Sequence[Row]) -> Row:
    mine = (row["dataset"], row["variant"])
    return next((one for one in statistics if (one["dataset"], one["variant"]) == mine), {})


def _difference(row: Row) -> str:
    return f"{float_of(row, 'delta_top1'):+.2f} {_interval(row)}"


def _interval(row: Row) -> str:
    return f"[{float_of(row, 'delta_ci_low'):+.2f}, {float_of(row, 'delta_ci_high'):+.2f}]"


def _effect(row: Row, detectable: str) -> str:
    low, high = float_of(row, "delta_ci_low"), float_of(row, "delta_ci_high")
    if low <= 0 <= high:
        least = f"; of {detectable} points, 4 of 5 such studies would show it" if detectable else ""
        return (
            f"makes no difference that {row['seeds']} seeds × {row['clips']} clips could show: {_difference(row)} "
            f"points{least}."
        )
    size = f"{abs(float_of(row, 'delta_top1')):.2f} points ({_interval(row)}; {_sureness(row)})"
    if low > 0:
        return f"**beats the full model** by {size}: what it takes out or changes does harm on these clips."
    return f"loses {size}: what it takes out or changes matters on these clips."


def _sureness(row: Row) -> str:
    p, floor = float_of(row, "p_holm"), float_of(row, "p_floor_holm")
    if p <= ALPHA:
        return f"p = {p:.2g} after Holm"
    if floor > ALPHA:
        return f"not confirmed: with these seeds p cannot be below {floor:.2g}"
    return f"not confirmed by the test over seeds: p = {p:.2g} after Holm"


def _time(tables: Tables, dataset: str) -> Iterator[str]:
    found = {
        row["condition"]: row
        for row in tables.get("temporal", ())
        if row["variant"] == FULL and row["dataset"] == dataset and row.get("condition")
    }
    if not found:
        return
    ends = {name: [float_of(row, f"pair_accuracy_ci_{end}") for end in ("low", "high")] for name, row in found.items()}
    forward, frozen, backward = (ends[name] for name in ("as_is", "last_frame", "reversed"))
    sees = "sees time" if forward[0] > HALF else "does not see time that these clips could show"
    rests = "as it should without time" if frozen[0] <= HALF <= frozen[1] else "so places alone tell something too"
    turns = "its answer turns" if backward[1] < HALF else "its answer does not clearly turn"
    text = {name: f"{float_of(row, 'pair_accuracy'):.2f}% {_ends(row)}" for name, row in found.items()}
    yield (
        f"On time-reversed pairs the full model {sees}: right in {text['as_is']} as the clips are; "
        f"{text['last_frame']} with the last frame repeated, {rests}; {text['reversed']} played backward: {turns}."
    )


def _ends(row: Row) -> str:
    return f"[{row['pair_accuracy_ci_low']}, {row['pair_accuracy_ci_high']}]"


def _text(table1: Sequence[Row], readings: Sequence[Row]) -> Iterator[str]:
    """What counting and other readings say of the paper's text, in one line."""
    said = "; ".join([*_counted(table1), *_readings(readings)])
    if said:
        yield f"{said[0].upper()}{said[1:]}."


def _counted(table1: Sequence[Row]) -> Iterator[str]:
    table1 = [row for row in table1 if row["reading"] == DEFAULT]
    if not table1:
        return
    worst = {}
    for column in ("params_error_pct", "flops_error_pct"):
        row = max(table1, key=lambda row: abs(float_of(row, column)))
        worst[column] = f"{float_of(row, column):+.1f}% ({row['model']})"
    yield (
        f"counted as we read the text, Table 1's parameters come out up to {worst['params_error_pct']} and its "
        f"FLOPs up to {worst['flops_error_pct']} away, at {table1[0]['frames']} frames"
    )


def _readings(readings: Sequence[Row]) -> Iterator[str]:
    default = next((row for row in readings if row["default"] == "yes" and row.get("d_logits_d_rgb")), None)
    if default is not None:
        blind = float_of(default, "d_logits_d_rgb") == 0
        yield f"read so, the logits {'do not depend on the RGB frames at all' if blind else 'depend on the RGB frames'}"
    trained = [row for row in readings if row.get("delta_top1") and row["default"] != "yes"]
    if trained:
        better = [f"`{row['discrepancy']}: {row['reading']}`" for row in trained if float_of(row, "delta_ci_low") > 0]
        worse = sum(float_of(row, "delta_ci_high") < 0 for row in trained)
        names = f" ({', '.join(better)})" if better else ""
        yield (
            f"of {len(trained)} other readings that were trained {len(better)} do better{names} and {worse} do worse, "
            "by intervals that leave out 0"
        )


def of_the_paper(claims: Sequence[Row]) -> list[Row]:
    """The ledger without the hypotheses of the study's own ablations."""
    return [row for row in claims if not row["where"].startswith("ablations/")]


def _claims(claims: Sequence[Row]) -> Iterator[str]:
    papers = of_the_paper(claims)
    if not papers:
        return
    counts = Counter(row["verdict"] for row in papers)
    fallen = Counter(row["kind"] for row in papers if row["verdict"] == CONTRADICTED)
    kinds = ", ".join(f"{count} of {kind}" for kind, count in sorted(fallen.items()))
    own = Counter(row["verdict"] for row in claims) - counts
    apart = ", ".join(f"{own[verdict]} {verdict}" for verdict in VERDICTS if own[verdict])
    yield (
        f"Of {len(papers)} claims of the paper {counts[SUPPORTED]} are supported, **{counts[CONTRADICTED]} "
        f"contradicted**{f' ({kinds})' if kinds else ''}, {counts[INCONCLUSIVE]} inconclusive and {counts[UNTESTED]} "
        f"untested{f'; of the ablations’ own hypotheses {apart}' if apart else ''}."
    )
