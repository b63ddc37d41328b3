"""The table of readings: the effect of each open question, joined from the diagnosis and the runs."""

import pytest

from lcr.config.run import reading_runs
from lcr.config.variant import VariantConfig
from lcr.study.tables.accuracy import IDENTICAL
from lcr.study.tables.frame import Source
from lcr.study.tables.markdown import markdown
from lcr.study.tables.readings import open_questions
from lcr.study.tables.registry import TABLES, write_table
from lcr.util.errors import InputError
from tests.study.conftest import made_up_study, write_run

DESIGN = (
    "discrepancy,reading,default,params_m,gmacs,grad_norm_first_step,grad_norm_step_50,never_trained_params,"
    "d_logits_d_rgb,d_logits_d_edges,cell_growth_64,top1,top1_ci_low,top1_ci_high,seeds,delta_top1,delta_ci_low,"
    "delta_ci_high"
)
ACCURACY = {"full": 0.8, "kv-source.additive": 0.5, "jester-rule.mean-last": 0.8}


@pytest.fixture
def study():
    readings = {"dataset": "jester-fixture", "seeds": [0, 1, 2], "readings": list(ACCURACY)[1:]}
    return made_up_study(seeds=4, variants=["full"], readings=readings)


@pytest.fixture
def source(study, tmp_path):
    """Runs of full and of the two trained readings, and a simulated diagnosis of all."""
    for run in reading_runs(study, tmp_path):
        protocol, name = run.config.protocol.model_dump(), run.variant.name
        write_run(study, tmp_path, run.dataset, name, run.seed, accuracy=ACCURACY[name], protocol=protocol)
    source = Source(study, tmp_path)
    source.write(TABLES["reading_diagnosis"], diagnosis())
    return source


def diagnosis(*without):
    names = ["full", *(name for _, some in open_questions() for name in some if name != "decay.data-dependent")]
    return [
        {"study": "made-up", "variant": name, "classes": 12, "grad_norm_first_step": float(number)}
        for number, name in enumerate(names)
        if name not in without
    ]


def make(source):
    return TABLES["readings"].make(source).set_index(["discrepancy", "reading"])


def test_every_alternative_has_a_row_and_every_question_its_default_first(source):
    assert write_table("readings", source).read_text().startswith(DESIGN)
    found = TABLES["readings"].make(source)
    for entry, alternatives in open_questions():
        own = found[found.discrepancy == entry.id]
        assert own.default.tolist() == [True] + [False] * len(alternatives)
        assert own.reading.tolist()[1:] == [one.reading for one, _ in alternatives.values()]
    assert markdown(TABLES["readings"], found).count("(used)") == found.default.sum()


def test_accuracy_is_paired_with_full_over_the_readings_own_seeds(source):
    found = make(source)
    full, additive = found.loc["kv-source", "default"], found.loc["kv-source", "additive"]
    assert full.seeds == additive.seeds == 3
    assert additive.delta_top1 == pytest.approx(additive.top1 - full.top1)
    assert additive.delta_ci_high < 0
    assert found.delta_top1.notna().sum() == 2, "another prediction rule is compared though its protocol differs"
    sigmoid = found.loc["cell-gate", "sigmoid"]  # not trained by this study
    assert sigmoid.grad_norm_first_step > 0
    assert sigmoid[["top1", "delta_top1"]].isna().all()


def test_a_reading_that_cannot_act_takes_over_fulls_accuracy_without_interval_or_difference(source, monkeypatch):
    never = lambda self, model: self.name not in ("full", "kv-source.additive")  # noqa: E731
    monkeypatch.setattr(VariantConfig, "acts_on", never)
    additive, full = (make(source).loc["kv-source", name] for name in ("additive", "default"))
    assert [additive.top1, additive.seeds] == [full.top1, full.seeds]
    assert additive[["top1_ci_low", "delta_top1", "delta_ci_low"]].isna().all()
    assert IDENTICAL in additive.note


def test_the_data_dependent_decay_is_counted_and_says_that_it_is_not_run(source):
    dependent, static = (make(source).loc["decay", name] for name in ("data-dependent", "default"))
    assert (dependent[["params_m", "gmacs"]] > static[["params_m", "gmacs"]]).all()
    assert dependent[["grad_norm_first_step"]].isna().all()
    assert dependent.note != ""


def test_a_missing_run_or_diagnosis_is_named_and_no_table_is_made(study, source, rewrite):
    _, *others = reading_runs(study, source.results)
    for run in others[-3:]:
        rewrite(run.folder, data_hash="another")
    with pytest.raises(InputError, match=others[-1].variant.name):
        make(source)
    (others[3].folder / "run.json").unlink()
    with pytest.raises(InputError, match=rf"{others[3].variant.name}, seed {others[3].seed}"):
        write_table("readings", source)
    untrained = Source(study.model_copy(update={"readings": None}), source.results)
    assert make(untrained).top1.isna().all()
    source.write(TABLES["reading_diagnosis"], diagnosis("position.none"))
    with pytest.raises(InputError, match=r"position\.none.*lcr readings diagnose --study made-up"):
        make(untrained)
    (source.folder / "reading_diagnosis.csv").unlink()
    with pytest.raises(InputError, match=r"reading_diagnosis\.csv.*lcr readings diagnose --study made-up"):
        make(untrained)
    assert not (source.folder / "readings.csv").exists()
