"""Every flipped byte of every kind of file is found."""

from tests.faults import flips


def test_each_of_200_flipped_bytes_is_found_by_its_reader_or_by_verify():
    numbers = flips.run()
    assert numbers["not found"] == []
    assert numbers["byte flips found"] == numbers["byte flips"] >= 200
