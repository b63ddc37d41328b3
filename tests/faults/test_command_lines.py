"""Every wrong command line of the list is refused with exit code 2 and one message."""

import pytest

from tests.faults.command_lines import LINES, failures


def test_the_list_is_long_and_says_nothing_twice() -> None:
    assert len(set(LINES)) == len(LINES) >= 150


@pytest.mark.slow
def test_a_wrong_command_line_exits_with_2_and_one_message() -> None:
    assert failures() == {}
