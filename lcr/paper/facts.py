"""`facts.yaml`: what can be read off the paper's text, and what the data sets' publishers say."""

from functools import cache
from pathlib import Path
from typing import Any

from lcr.util.schema import read_yaml


@cache
def _facts() -> dict[str, dict[str, Any]]:
    return read_yaml(Path(__file__).with_name("facts.yaml"))


def fact(name: str) -> Any:
    """The value of one fact. Raises KeyError if there is none of that name."""
    return _facts()[name]["value"]


def validation_clips(dataset: str) -> int:
    """Clips of a real data set's whole validation split, by its publisher; 0 for clips that are drawn."""
    match dataset:
        case "jester" | "something":
            return fact(f"{dataset}_sizes")[1]
        case "kinetics":
            return fact("kinetics_validation")
    return 0
