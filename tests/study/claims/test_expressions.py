"""The ledger's expressions compute, compare, and can do nothing else."""

import pytest

from lcr.study.claims.expressions import evaluate
from lcr.util.errors import InputError

NAMES = {"x": 3.0, "f": lambda *values, scale=1: scale * sum(values), "round": round}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("x - 1", 2.0),
        ("-x ** 2 / 2", -4.5),
        ("f(1, x, scale=2)", 8.0),
        ("1 < x <= 3", True),
        ("x == 3 and not x > 4", True),
        ("x == 2 or x in [2, 4]", False),
        ("round(x / 7, 2) == 0.43", True),
    ],
)
def test_arithmetic_comparisons_and_known_functions(text, value):
    assert evaluate(text, NAMES) == value


@pytest.mark.parametrize(
    "text",
    [
        *("x.real", "f.__globals__", "[y for y in (1,)]", "y + 1", "x[0]"),
        *("lambda: 1", "__import__('os')", "f'{x}'", "x if 1 else 2"),
    ],
)
def test_whatever_else_python_has_is_refused(text):
    with pytest.raises(InputError, match="not allowed or not known"):
        evaluate(text, NAMES)


def test_what_is_no_expression_is_refused():
    with pytest.raises(InputError, match="no expression"):
        evaluate("x = 2", NAMES)
