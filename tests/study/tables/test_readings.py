"""The table of readings: what each open question does, joined from the diagnosis and the runs."""

import pytest

from lcr.config.study import load_variant
from lcr.study.tables.readings import DIAGNOSIS_COLUMNS, open_questions
from lcr.study.tables.registry import markdown, table_rows, write_table
from lcr.study.tables.rows import read_rows, write_rows
from lcr.util.errors import InputError
from tests.study.conftest import made_up_study, run_of, write_run

DESIGN = (
    "discrepancy,reading,default,params_m,gmacs,grad_norm_first_step,grad_norm_step_50,never_trained_params,"
    "d_logits_d_rgb,d_logits_d_edges,cell_growth_64,top1,top1_ci_low,top1_ci_high,seeds,delta_top1,delta_ci_low,"
    "delta_ci_high"
)
TRAINED = ("kv-source.additive", "jester-rule.mean-last")


@pytest.fixture
def study():
    readings = {"dataset": "jester-fixture", "seeds": [0, 1, 2], "readings": list(TRAINED)}
    return made_up_study(seeds=4, variants=["full"], readings=readings)


@pytest.fixture
def results(study, tmp_path):
    """Runs of full and of the two trained readings, and a made-up diagnosis of all."""
    for seed in study.readings.seeds:
        for variant, accuracy in (("full", 0.8), (TRAINED[0], 0.5), (TRAINED[1], 0.8)):
            config = run_of(study, "jester-fixture", variant, 0, tmp_path).config
            protocol = config.protocol.model_dump()
            write_run(study, tmp_path, "jester-fixture", variant, seed, accuracy=accuracy, protocol=protocol)
    names = ["full", *(name for _, some in open_questions() for name in some if name != "decay.data-dependent")]
    rows = [
        {"study": study.name, "variant": name, "classes": "12", "grad_norm_first_step": str(number)}
        for number, name in enumerate(names)
    ]
    write_rows(tmp_path / study.name / "reading_diagnosis.csv", DIAGNOSIS_COLUMNS, rows)
    return tmp_path


def _by_name(rows):
    return {(row["discrepancy"], row["reading"]): row for row in rows}


def test_every_alternative_has_a_row_and_every_question_its_default_first(study, results):
    path = write_table("readings", study, results)
    assert path.read_text().startswith(DESIGN)
    rows = read_rows(path)
    for entry, alternatives in open_questions():
        own = [row for row in rows if row["discrepancy"] == entry.id]
        assert [row["default"] for row in own] == ["yes"] + ["no"] * len(alternatives)
        assert [row["reading"] for row in own[1:]] == [one.reading for one, _ in alternatives.values()]


def test_accuracy_is_paired_with_full_over_the_readings_own_seeds(study, results):
    rows = _by_name(table_rows("readings", study, results))
    full, additive = rows["kv-source", "default"], rows["kv-source", "additive"]
    assert (full["seeds"], additive["seeds"]) == ("3", "3")
    assert "delta_top1" not in full
    difference = float(additive["top1"]) - float(full["top1"])
    assert float(additive["delta_top1"]) == pytest.approx(difference, abs=0.011)
    assert float(additive["delta_ci_high"]) < 0
    assert "generated clips" in additive["note"]


def test_a_reading_that_is_another_prediction_rule_is_compared_though_its_protocol_differs(study, results):
    rows = _by_name(table_rows("readings", study, results))
    assert rows["jester-rule", "mean-last"]["delta_top1"]


def test_a_reading_that_the_study_does_not_train_has_its_diagnosis_alone(study, results):
    literal = _by_name(table_rows("readings", study, results))["cell-gate", "literal"]
    assert literal["grad_norm_first_step"]
    assert "top1" not in literal


def test_the_data_dependent_decay_is_counted_and_says_that_it_is_not_run(study, results):
    rows = _by_name(table_rows("readings", study, results))
    dependent, static = rows["decay", "data-dependent"], rows["decay", "default"]
    assert float(dependent["params_m"]) > float(static["params_m"])
    assert float(dependent["gmacs"]) > float(static["gmacs"])
    assert dependent["grad_norm_first_step"] == ""
    assert "counted only" in dependent["note"]


def test_a_missing_run_or_diagnosis_is_named_and_no_table_is_made(study, results):
    (results / "made-up/jester-fixture/kv-source.additive/seed-1/run.json").unlink()
    with pytest.raises(InputError, match=r"kv-source\.additive, seed 1"):
        write_table("readings", study, results)
    diagnosis = results / "made-up/reading_diagnosis.csv"
    few = [row for row in read_rows(diagnosis) if row["variant"] != "position.none"]
    write_rows(diagnosis, DIAGNOSIS_COLUMNS, few)
    untrained = study.model_copy(update={"readings": None})
    with pytest.raises(InputError, match=r"lacks position\.none.*lcr readings diagnose --study made-up"):
        table_rows("readings", untrained, results)
    diagnosis.unlink()
    with pytest.raises(InputError, match="lcr readings diagnose --study made-up"):
        table_rows("readings", untrained, results)
    assert not (results / "made-up/readings.csv").exists()


def test_runs_on_other_data_are_refused_whatever_the_rule(study, results, rewrite):
    for seed in study.readings.seeds:
        rewrite(results / f"made-up/jester-fixture/jester-rule.mean-last/seed-{seed}", data_hash="another")
    with pytest.raises(InputError, match="different data"):
        table_rows("readings", study, results)


def test_markdown_names_the_reading_used(study, results):
    text = markdown("readings", table_rows("readings", study, results))
    assert "as written (used)" in text


def test_a_number_of_the_diagnosis_that_is_none_is_named(study, results):
    diagnosis = results / "made-up/reading_diagnosis.csv"
    rows = read_rows(diagnosis)
    for column in ("classes", "grad_norm_first_step"):
        write_rows(diagnosis, DIAGNOSIS_COLUMNS, [rows[0] | {column: "1x"}, *rows[1:]])
        with pytest.raises(InputError, match=rf"reading_diagnosis\.csv, line 2: {column} is '1x'"):
            table_rows("readings", study, results)
