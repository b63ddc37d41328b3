"""Tables take costs from cost.csv, and only from one that is of the models that were run."""

import pytest

from lcr.config.study import load_variant
from lcr.cost import counted
from lcr.study.tables.costs import COLUMNS, Costs
from lcr.study.tables.rows import read_rows, write_rows
from lcr.util.errors import InputError
from tests.study.conftest import write_costs


def _full(study):
    return study.model("jester-fixture", load_variant("full"), classes=12)


def test_a_variants_costs_are_those_of_its_model(study, results):
    found = Costs(study, results).of("jester-fixture", "full", _full(study), 12)
    params, macs = counted(_full(study), 12)
    assert found == {
        "params_m": f"{params / 1e6:.6f}",
        "gmacs": f"{macs / 1e9:.6g}",
        "gflops": f"{2 * macs / 1e9:.6g}",
        "peak_mem_gb": "0.0123",
    }


@pytest.mark.parametrize(("classes", "frames"), [(13, 12), (12, 11)])
def test_costs_of_another_model_or_length_are_refused(study, results, classes, frames):
    other = study.model("jester-fixture", load_variant("full"), classes)
    with pytest.raises(InputError, match=r"another jester-fixture/full than the runs are.*lcr cost --study made-up"):
        Costs(study, results).of("jester-fixture", "full", other, frames)


def test_a_missing_table_or_variant_says_how_to_make_it(study, results, tmp_path):
    with pytest.raises(InputError, match="lcr cost --study made-up"):
        Costs(study, tmp_path / "nowhere")
    write_costs(study.model_copy(update={"variants": ("full",)}), results)
    with pytest.raises(InputError, match="lacks jester-fixture/lstm_gate"):
        Costs(study, results).of("jester-fixture", "lstm_gate", _full(study), 12)


@pytest.mark.parametrize("column", ["params", "macs", "peak_mem_gb"])
def test_a_cell_that_is_no_number_is_named_with_its_line(study, results, column):
    path = write_costs(study, results)
    rows = read_rows(path)
    write_rows(path, COLUMNS, [rows[0] | {column: "12x"}, *rows[1:]])
    with pytest.raises(InputError, match=rf"cost\.csv, line 2: {column} is '12x'.*lcr cost --study made-up"):
        Costs(study, results).of("jester-fixture", "full", _full(study), 12)


def test_a_table_without_a_column_is_refused(study, results):
    path = write_costs(study, results)
    path.write_text(path.read_text().replace("component", "part"))
    with pytest.raises(InputError, match=r"cost\.csv, line 1: no column component; .*lcr cost --study made-up"):
        Costs(study, results)
