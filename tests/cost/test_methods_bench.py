"""The bench of Table 2's systems: every job once, and what it measures is positive and grows."""

import pytest

from lcr.cost.methods_bench import NAMES, jobs, measure, model_of
from lcr.model.lcr import LCR
from lcr.util.errors import InputError


def test_every_system_is_measured_at_every_length_and_once_at_224():
    found = jobs(("lcr", "rvit"), (8, 32))
    assert found == [(n, *rest) for rest in ((8, 112), (32, 112), (32, 224)) for n in ("lcr", "rvit")]
    assert {size for _, _, size in jobs(NAMES, (8,))} == {112}


def test_lcr_runs_its_operator():
    model = model_of("lcr", 112)
    assert isinstance(model, LCR)
    assert model.config.runs_wkv


def test_numbers_of_a_small_system():
    points = measure(("mobilenet-small-lstm",), (2, 4), rounds=1)
    assert [(p.frames, p.work) for p in points] == [(n, w) for n in (2, 4) for w in ("inference", "training")]
    assert all(p.seconds > 0 and p.clips_per_s == 1 / p.seconds for p in points)
    assert points[0].peak_bytes < points[2].peak_bytes < points[3].peak_bytes


def test_an_unknown_system_is_refused():
    with pytest.raises(InputError, match="rvit"):
        measure(("rvitt",), (2,), rounds=1)
