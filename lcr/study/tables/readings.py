"""readings: every open question of the paper that has another answer, with the effect of each answer.

One row an alternative, and before them one of the reading used here (default = yes). params_m and gmacs (1e6 and 1e9,
of one view) by closed form, of the model of the study's readings dataset. The gradient norms, never_trained_params,
d_logits_d_rgb, d_logits_d_edges and cell_growth_64 are the diagnosis's (`lcr.probes.diagnosis`, one seed). top1 in
percent over `seeds` seeds with 95% intervals, delta_top1 in percentage points paired with the full model's runs of the
same seeds and clips; both are empty where the study does not train the reading.
"""

from collections.abc import Iterator

from lcr.config.register import Alternative, Discrepancy, load_discrepancies
from lcr.config.run import reading_runs
from lcr.config.variant import FULL, VariantConfig
from lcr.cost import counted
from lcr.study.makers import noted_makers
from lcr.study.predictions import load, predictions
from lcr.study.tables.accuracy import data_note, estimate, identical
from lcr.study.tables.frame import Column, Row, Source, integer, interval, number
from lcr.study.tables.registry import TABLES
from lcr.util.errors import InputError

_GRADIENTS = (
    *number(".4g", "grad_norm_first_step", "grad_norm_step_50", infinite=True),
    *integer("never_trained_params"),
)
DIAGNOSED = (*_GRADIENTS, *number(".4g", "d_logits_d_rgb", "d_logits_d_edges", "cell_growth_64", infinite=True))
COLUMNS = (
    *("discrepancy", "reading", Column("default", "flag")),
    *number(".6f", "params_m", required=True),
    *number(".6g", "gmacs", required=True),
    *DIAGNOSED,
    *interval(".2f", "top1"),
    *integer("seeds"),
    *interval("z.2f", "delta_top1", "delta"),
    *("study", "dataset", "title", "note"),
)
# The diagnosis writes one row a reading, and one row a reading and parameter.
DIAGNOSIS_COLUMNS = ("study", "dataset", "variant", *integer("classes", required=True), *DIAGNOSED, "note")
GRADIENT_COLUMNS = ("study", "dataset", "variant", "component", "parameter", *integer("params"), *_GRADIENTS)
USED = "default"


def open_questions() -> list[tuple[Discrepancy, dict[str, tuple[Alternative, VariantConfig]]]]:
    """The register's entries with alternatives that can at least be counted, each alternative with its variant."""
    found = [
        (
            entry,
            {
                (variant := entry.variant(one)).name: (one, variant)
                for one in entry.alternatives
                if one.change is not None
            },
        )
        for entry in load_discrepancies()
    ]
    return [(entry, alternatives) for entry, alternatives in found if alternatives]


def reading_keys() -> list[tuple[str, str]]:
    """Discrepancy and reading of each row of the table, in its order."""
    return [
        (entry.id, reading)
        for entry, alternatives in open_questions()
        for reading in (USED, *(one.reading for one, _ in alternatives.values()))
    ]


def rows(source: Source) -> Iterator[Row]:
    """Every reading, in the register's order.

    Raises:
        InputError: the diagnosis is missing, damaged or lacks a reading; or a run of a reading is missing, damaged or
            stale.
    """
    study, dataset = source.study, source.study.readings_dataset
    diagnosis = {row["variant"]: row for row in source.read(TABLES["reading_diagnosis"]).to_dict("records")}
    classes = next(iter(diagnosis.values()))["classes"]
    accuracies = _accuracies(source)

    def row(discrepancy: str, reading: str, title: str, variant: VariantConfig) -> Row:
        params, macs = counted(study.model(dataset, variant, classes), study.dataset(dataset).data.frames)
        counted_only = variant.model.readings.decay == "data_dependent"
        if variant.name not in diagnosis and not counted_only:
            again = TABLES["reading_diagnosis"].again(study.given)
            raise InputError(f"{source.folder / 'reading_diagnosis.csv'} lacks {variant.name}; {again}")
        found, accuracy = diagnosis.get(variant.name, {}), accuracies.get(variant.name, {})
        alone = "counted only: another operator" if counted_only else ""
        return {
            "discrepancy": discrepancy,
            "reading": reading,
            "default": reading == USED,
            "params_m": params / 1e6,
            "gmacs": macs / 1e9,
            **{column.name: found.get(column.name) for column in DIAGNOSED},
            **accuracy,
            "study": study.name,
            "dataset": dataset,
            "title": title,
            "note": "; ".join(filter(None, (alone, found.get("note"), accuracy.get("note")))),
        }

    for entry, alternatives in open_questions():
        yield row(entry.id, USED, entry.default, study.variant(FULL))
        for one, variant in alternatives.values():
            yield row(entry.id, one.reading, one.title, variant)


def _accuracies(source: Source) -> dict[str, Row]:
    """Accuracy cells of full and of every reading that the study trains, by variant."""
    every = reading_runs(source.study, source.results)
    runs = [run for run in every if run.acts]
    if not runs:
        return {}
    # A reading may be another prediction rule: then its runs differ from all others in their protocol, as they should.
    rules = [run for run in runs if run.variant.protocol.model_dump(exclude_none=True)]
    full, *others = load([run for run in runs if run not in rules], predictions)
    for variant in dict.fromkeys(run.variant.name for run in rules):
        (one,) = load([run for run in rules if run.variant.name == variant], predictions)
        if one.record.data_hash != full.record.data_hash:
            raise InputError(f"{variant} and {FULL} were run on different data; run snakemake again")
        others.append(one)
    full, *others = noted_makers([full, *others])
    found = {
        one.run.variant.name: {"seeds": len(one.seeds), "note": data_note(one)}
        | estimate("top1", one.arrays["correct"])
        | ({} if one is full else estimate("delta_top1", one.arrays["correct"], full.arrays["correct"]))
        for one in (full, *others)
    }
    return dict.fromkeys((run.variant.name for run in every), identical(found[FULL])) | found
