"""Rows of readings: every open question of the paper that has another answer, with what each answer does.

One row an alternative, and before them one of the reading used here (default = yes). params_m and gmacs (1e6 and 1e9,
of one view) by closed form, of the model of the study's readings dataset. The gradient norms, never_trained_params,
d_logits_d_rgb, d_logits_d_edges and cell_growth_64 are the diagnosis's (`lcr.probes.diagnosis`, one seed). top1 in
percent over `seeds` seeds with 95% intervals, delta_top1 in percentage points paired with the full model's runs of the
same seeds and clips; both are empty where the study does not train the reading.
"""

from pathlib import Path

from lcr.config.register import Alternative, Discrepancy, load_discrepancies
from lcr.config.study import FULL, StudyConfig, load_variant
from lcr.config.variant import VariantConfig
from lcr.cost import counted
from lcr.study.predictions import Answers, load_answers
from lcr.study.stats.intervals import crossed_interval, paired_interval
from lcr.study.tables.accuracy import data_note
from lcr.study.tables.rows import Row, float_of, int_of, percent, points, read_rows, remake
from lcr.util.errors import InputError

DIAGNOSED = (
    *("grad_norm_first_step", "grad_norm_step_50", "never_trained_params"),
    *("d_logits_d_rgb", "d_logits_d_edges", "cell_growth_64"),
)
COLUMNS = (
    *("discrepancy", "reading", "default", "params_m", "gmacs", *DIAGNOSED),
    *("top1", "top1_ci_low", "top1_ci_high", "seeds", "delta_top1", "delta_ci_low", "delta_ci_high"),
    *("study", "dataset", "title", "note"),
)
# What the diagnosis writes: one row a reading, and one a reading and parameter.
DIAGNOSIS_COLUMNS = ("study", "dataset", "variant", "classes", *DIAGNOSED, "note")
GRADIENT_COLUMNS = (
    *("study", "dataset", "variant", "component", "parameter", "params"),
    *("grad_norm_first_step", "grad_norm_step_50", "never_trained_params"),
)
USED = "default"


def open_questions() -> list[tuple[Discrepancy, dict[str, tuple[Alternative, VariantConfig]]]]:
    """The register's entries with alternatives that can at least be counted, each alternative with its variant."""
    found = []
    for entry in load_discrepancies():
        variants = {}
        for one in entry.alternatives:
            if one.change is not None:
                variant = entry.variant(one)
                variants[variant.name] = one, variant
        if variants:
            found.append((entry, variants))
    return found


def reading_keys() -> list[tuple[str, str]]:
    """Discrepancy and reading of each row of the table, in its order."""
    return [
        (entry.id, reading)
        for entry, alternatives in open_questions()
        for reading in (USED, *(one.reading for one, _ in alternatives.values()))
    ]


def readings_rows(study: StudyConfig, results: str | Path, root: str | Path | None = None) -> list[Row]:
    """The table's rows, in the register's order.

    Raises:
        InputError: the diagnosis is missing or damaged; or a run of a reading is missing, damaged or stale.
    """
    diagnosis = _diagnosis(study, results)
    accuracies = _accuracies(study, results, root)
    rows = []
    for entry, alternatives in open_questions():
        full = load_variant(FULL, root)
        rows.append(_row(study, entry.id, USED, entry.default, full, diagnosis, accuracies))
        for one, variant in alternatives.values():
            rows.append(_row(study, entry.id, one.reading, one.title, variant, diagnosis, accuracies))
    return rows


def _diagnosis(study: StudyConfig, results: str | Path) -> dict[str, Row]:
    path = Path(results) / study.name / "reading_diagnosis.csv"
    found = {
        row["variant"]: row for row in read_rows(path, DIAGNOSIS_COLUMNS, remake("reading_diagnosis", study.given))
    }
    for row in found.values():
        for column in filter(row.get, DIAGNOSED):  # what was not measured is empty
            float_of(row, column)
    return found


def _accuracies(study: StudyConfig, results: str | Path, root: str | Path | None) -> dict[str, Row]:
    """Accuracy cells of full and of every reading that the study trains, by variant."""
    if study.readings is None:
        return {}
    few = study.model_copy(update={"seeds": study.readings.seeds})
    variants = [load_variant(FULL, root), *study.reading_variants().values()]
    # A reading may be another prediction rule: then its runs differ from all others in their protocol, as they should.
    rules = [one for one in variants if one.protocol.model_dump(exclude_none=True)]
    others = [one for one in variants if one not in rules]
    datasets = [study.readings.dataset]
    answers = load_answers(few, datasets, others, results)
    full = answers[0]
    for one in rules:
        (paired,) = load_answers(few, datasets, [one], results)
        if paired.info["data_hash"] != full.info["data_hash"]:
            raise InputError(f"{one.name} and {FULL} were run on different data; run snakemake again")
        answers.append(paired)
    return {one.variant.name: _accuracy(study, one, full) for one in answers}


def _accuracy(study: StudyConfig, one: Answers, full: Answers) -> Row:
    top1 = crossed_interval(one.correct)
    seeds, clips = one.correct.shape
    row = {
        "top1": percent(top1.mean),
        "top1_ci_low": percent(top1.low),
        "top1_ci_high": percent(top1.high),
        "seeds": str(seeds),
        "note": data_note(study, one.dataset, clips, seeds),
    }
    if one is full:
        return row
    difference = paired_interval(one.correct, full.correct)
    return row | {
        "delta_top1": points(difference.mean),
        "delta_ci_low": points(difference.low),
        "delta_ci_high": points(difference.high),
    }


def _row(
    study: StudyConfig,
    discrepancy: str,
    reading: str,
    title: str,
    variant: VariantConfig,
    diagnosis: dict[str, Row],
    accuracies: dict[str, Row],
) -> Row:
    dataset = study.readings_dataset
    classes = int_of(next(iter(diagnosis.values())), "classes")
    params, macs = counted(study.model(dataset, variant, classes), study.dataset(dataset).data.frames)
    found = diagnosis.get(variant.name, {})
    accuracy = accuracies.get(variant.name, {})
    counted_only = variant.model.readings.decay == "data_dependent"
    if not found and not counted_only:
        raise InputError(
            f"{study.name}/reading_diagnosis.csv lacks {variant.name}; {remake('reading_diagnosis', study.given)}"
        )
    notes = ("counted only: another operator" if counted_only else "", found.get("note", ""), accuracy.get("note", ""))
    return {
        "discrepancy": discrepancy,
        "reading": reading,
        "default": "yes" if reading == USED else "no",
        "params_m": f"{params / 1e6:.6f}",
        "gmacs": f"{macs / 1e9:.6g}",
        **{column: found.get(column, "") for column in DIAGNOSED},
        **accuracy,
        "study": study.name,
        "dataset": dataset,
        "title": title,
        "note": "; ".join(filter(None, notes)),
    }
