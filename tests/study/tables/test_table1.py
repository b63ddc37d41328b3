"""Table 1's rows: published against counted, the reading used first, errors unhidden."""

import pytest

from lcr.cost import counted
from lcr.cost.table1 import table1
from lcr.model.config import Readings
from lcr.model.models import MODELS
from lcr.study.tables.frame import Source
from lcr.study.tables.registry import TABLES
from lcr.study.tables.table1 import counting_readings

DESIGN = (
    "model,dataset,frame_size,patch_size,depth,hidden,heads,classes,frames,reading,params_m_published,params_m,"
    "params_error_pct,flops_t_published,gmacs,gflops,flops_error_pct"
)


def test_every_reading_that_changes_a_count_has_the_papers_six_rows_and_every_error_follows_from_the_counts(study):
    assert ",".join(TABLES["table1"].names) == DESIGN
    found = TABLES["table1"].make(Source(study))
    assert found.model.tolist() == [row.name for row in table1()] * (len(found) // 6)
    assert list(dict.fromkeys(found.reading)) == ["default", *counting_readings()]
    assert {"zero-conv.pointwise", "decay.data-dependent"} <= set(found.reading)
    assert not {"cell-gate.literal", "edge-index.previous", "kv-source.additive"} & set(found.reading)
    assert found[["params_m_published", "flops_t_published"]].to_numpy()[1].tolist() == [5.14, 0.022]
    for row in found[:6].itertuples():
        params, macs = counted(MODELS[row.model], row.frames)
        assert [row.params_m, row.gmacs, row.gflops] == pytest.approx([params / 1e6, macs / 1e9, 2 * macs / 1e9])
    errors = found.params_m / found.params_m_published, found.gflops / 1000 / found.flops_t_published
    for column, error in zip(("params_error_pct", "flops_error_pct"), errors, strict=True):
        assert found[column].to_numpy() == pytest.approx(100 * (error - 1).to_numpy())


def test_the_axes_that_the_search_leaves_out_change_no_count():
    """lcr.cost.space names the readings that change neither column; here they are, one by one."""
    changes = (
        {"kv_source": "additive"},
        {"cell_gate": "literal"},
        {"cell_gate": "sigmoid_plus_cell"},
        {"residual": False},
        {"class_output": "unit"},
        {"edge_index": "previous"},
    )
    updates = [{"readings": Readings(**change)} for change in changes] + [{"zero_init": False}]
    for row in table1():
        for update in updates:
            assert counted(row.config.model_copy(update=update), 32) == counted(row.config, 32)
