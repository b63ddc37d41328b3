"""Table 1's rows: published against counted, the reading used first, errors unhidden."""

import pytest

from lcr.cost import counted
from lcr.cost.table1 import table1
from lcr.model.config import Readings
from lcr.model.models import MODELS
from lcr.study.tables.registry import TABLES, markdown, table_rows, write_table
from lcr.study.tables.table1 import counting_readings

DESIGN = (
    "model,dataset,frame_size,patch_size,depth,hidden,heads,classes,frames,reading,params_m_published,params_m,"
    "params_error_pct,flops_t_published,gmacs,gflops,flops_error_pct"
)


def test_table1_has_the_contracts_columns_and_the_papers_six_rows_first(study, tmp_path):
    path = write_table("table1", study, tmp_path)
    assert path.read_text().splitlines()[0] == DESIGN
    rows = table_rows("table1", study, tmp_path)
    assert [row["model"] for row in rows[:6]] == [row.name for row in table1()]
    assert {row["reading"] for row in rows[:6]} == {"default"}
    published = [(row["params_m_published"], row["flops_t_published"]) for row in rows[:6]]
    assert published[1] == ("5.14", "0.022")


def test_every_number_is_the_counted_models_and_every_error_follows_from_it(study, tmp_path):
    for row in table_rows("table1", study, tmp_path):
        if row["reading"] == "default":
            params, macs = counted(MODELS[row["model"]], int(row["frames"]))
            assert (row["params_m"], row["gmacs"]) == (f"{params / 1e6:.6f}", f"{macs / 1e9:.6g}")
        assert float(row["gflops"]) == pytest.approx(2 * float(row["gmacs"]), rel=1e-5)
        ratio = float(row["params_m"]) / float(row["params_m_published"])
        assert float(row["params_error_pct"]) == pytest.approx(100 * (ratio - 1), abs=0.01)
        ratio = float(row["gflops"]) / 1000 / float(row["flops_t_published"])
        assert float(row["flops_error_pct"]) == pytest.approx(100 * (ratio - 1), abs=0.01)


def test_every_reading_that_changes_a_count_has_its_six_rows_and_no_other_has(study, tmp_path):
    rows = table_rows("table1", study, tmp_path)
    readings = {row["reading"] for row in rows}
    assert readings == {"default", *counting_readings()}
    assert {"zero-conv.pointwise", "decay.data-dependent"} <= readings
    assert not {"cell-gate.literal", "edge-index.previous", "kv-source.additive"} & readings
    assert len(rows) == 6 * len(readings)


def test_what_the_search_leaves_out_changes_no_count():
    """lcr.cost.space names the readings that change neither column; here they are, one by one."""
    for change in (
        {"kv_source": "additive"},
        {"cell_gate": "literal"},
        {"cell_gate": "sigmoid_plus_cell"},
        {"residual": False},
        {"class_output": "unit"},
        {"edge_index": "previous"},
    ):
        for row in table1():
            changed = row.config.model_copy(update={"readings": Readings(**change)})
            assert counted(changed, 32) == counted(row.config, 32)
    for row in table1():
        assert counted(row.config.model_copy(update={"zero_init": False}), 32) == counted(row.config, 32)


def test_markdown_shows_both_errors(study, tmp_path):
    text = markdown("table1", table_rows("table1", study, tmp_path))
    assert "-20.1" in text
    assert "+189" in text
    assert "table1" in TABLES
