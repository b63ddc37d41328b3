"""No reader of foreign files fails in another way than with one line."""

import os

import pytest

from tests.faults import fuzz

SCALE = float(os.environ.get("LCR_FUZZ_SCALE", "0.1"))  # 1: all inputs


@pytest.mark.slow
def test_readers_of_foreign_files_refuse_what_they_cannot_read_with_one_line():
    numbers = fuzz.run(SCALE)
    assert numbers["faults"] == []
    assert numbers["fuzzed inputs"] >= SCALE * fuzz.FULL
