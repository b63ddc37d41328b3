"""A kill at any moment costs nothing: the same command again ends with the same bytes."""

import pytest

from tests.faults import kills


@pytest.mark.slow
def test_commands_killed_at_random_moments_end_with_the_same_bytes_when_called_again():
    found = kills.run(scale=0.2)
    assert found["wrong"] == []
    assert found["kills"] == 6
