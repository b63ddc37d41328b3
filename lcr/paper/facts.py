"""Facts of the paper's text and of the datasets' publishers, from `facts.yaml`."""

import csv
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from lcr.util.schema import read_yaml


@cache
def _facts() -> dict[str, dict[str, Any]]:
    return read_yaml(Path(__file__).with_name("facts.yaml"))


def fact(name: str, at: int | None = None) -> Any:
    """The value of a fact, or an element of it. Raises KeyError if no fact has this name."""
    value = _facts()[name]["value"]
    return value if at is None else value[at]


def validation_clips(dataset: str) -> int:
    """Clips in a real dataset's whole validation split, by its publisher; 0 for synthetic clips."""
    match dataset:
        case "jester" | "something":
            return fact(f"{dataset}_sizes")[1]
        case "kinetics":
            return fact("kinetics_validation")
    return 0


@cache
def _rows(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader((files("lcr.paper") / name).read_text(encoding="utf-8").splitlines()))


def table1() -> list[dict[str, str]]:
    """The rows of the paper's Table 1."""
    return _rows("table1.csv")


def table2() -> list[dict[str, str]]:
    """The rows of the paper's Table 2."""
    return _rows("table2.csv")
