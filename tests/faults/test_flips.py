"""Every flipped byte of every kind of file is found."""

import pytest

from tests.faults import flips


@pytest.mark.slow
def test_each_of_200_flipped_bytes_is_found_by_its_reader_or_by_verify():
    numbers = flips.run()
    assert numbers["not found"] == []
    assert numbers["byte flips found"] == numbers["byte flips"] >= 200
