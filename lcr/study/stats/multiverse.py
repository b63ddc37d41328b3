"""The verdict on one ablation over all interpretations of the paper, as a pure function of the verdicts under each."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from lcr.study.stats.verdict import Verdict

DEPENDS, UNDECIDED, UNTESTED = "depends", "undecided", "not tested"
WHOLE = "the interpretation"


class Specification(NamedTuple):
    """One ablation under one interpretation: its verdict there, and the interpretation's choices by name."""

    verdict: Verdict
    choices: Mapping[str, str]


def over_interpretations(specifications: Sequence[Specification]) -> tuple[str, str]:
    """The verdict on one ablation, and the choice that it depends on.

    The verdict is the one that more than half of the specifications have, where no specification has another verdict
    but `undecided`. `depends`: two specifications have different verdicts, `undecided` aside. `undecided`: too few are
    decided. `not tested`: there is no specification.

    Args:
        specifications: those that were tested; all have the same choices.

    Returns:
        The verdict. If it is `depends`: the name of the one choice each of whose values goes with one verdict, or
        `the interpretation` where no choice or more than one separates the verdicts so; else an empty text.
    """
    if not specifications:
        return UNTESTED, ""
    decided = [one for one in specifications if one.verdict != UNDECIDED]
    verdicts = {one.verdict for one in decided}
    if len(verdicts) > 1:
        separating = [name for name in decided[0].choices if _separates(name, decided)]
        return DEPENDS, separating[0] if len(separating) == 1 else WHOLE
    if 2 * len(decided) > len(specifications):
        return verdicts.pop(), ""
    return UNDECIDED, ""


def _separates(choice: str, decided: Sequence[Specification]) -> bool:
    """Whether each value of a choice goes with one verdict; the verdicts differ, so two values have different ones."""
    return len({one.choices[choice] for one in decided}) == len({(one.choices[choice], one.verdict) for one in decided})
