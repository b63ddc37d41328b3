"""`Report`: the findings of a verification. Each check runs in a `finding` block, so that none hides the others."""

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from lcr.util.errors import LCRError

SHOWN_ALIKE = 8  # problems that differ in their place alone
LONGEST = 400  # characters of a finding; a hostile file may hold names of any length

# Errors that damaged or hostile files raise here and in the libraries that read them. ValueError includes the
# errors of JSON, Unicode and pydantic; RuntimeError includes RecursionError.
DAMAGE = (
    *(LCRError, OSError, ValueError, TypeError, LookupError, AttributeError, ArithmeticError, MemoryError),
    *(RuntimeError, csv.Error, pa.ArrowException),
)


def one_line(text: object) -> str:
    """A text in one line of printable characters, cut where it is too long."""
    line = " ".join("".join(one if one.isprintable() else " " for one in str(text)).split())
    return line if len(line) <= LONGEST else f"{line[:LONGEST]}…"


@dataclass
class Report:
    """The findings of a verification.

    checked: in words, the numbers of files, runs and tables. problems: mismatches, each in one line. notes: by their
    text, the places that each is about.
    """

    checked: str = ""
    problems: list[str] = field(default_factory=list)
    notes: dict[str, list[str]] = field(default_factory=dict)
    _told: set[str] = field(default_factory=set, repr=False)

    def problem(self, text: object) -> None:
        """Adds a problem; the same problem is told once."""
        line = one_line(text)
        if line not in self._told:
            self._told.add(line)
            self.problems.append(line)

    def demand(self, holds: object, problem: str) -> None:
        """Adds a problem unless `holds`."""
        if not holds:
            self.problem(problem)

    def note(self, place: str | Path, text: str, *, when: object = True) -> None:
        """Adds a place to a note."""
        if when:
            self.notes.setdefault(one_line(text), []).append(one_line(place))

    def note_lines(self) -> Iterator[str]:
        """Each note once: `results/hashes.json and 24 more: made outside a repository`."""
        for text, places in self.notes.items():
            more = f" and {len(places) - 1} more" if len(places) > 1 else ""
            yield f"{places[0]}{more}: {text}"

    def problem_lines(self) -> Iterator[str]:
        """All problems; of many with the same text after their place, the first `SHOWN_ALIKE` and how many more."""
        alike: dict[str, int] = {}
        for problem in self.problems:
            text = problem.partition(": ")[2] or problem
            alike[text] = alike.get(text, 0) + 1
            if alike[text] <= SHOWN_ALIKE:
                yield problem
        yield from (f"and {count - SHOWN_ALIKE} more: {text}" for text, count in alike.items() if count > SHOWN_ALIKE)

    @contextmanager
    def finding(self, place: str | Path, what: str = "cannot be read or compared") -> Iterator[None]:
        """Runs one check; an error that a damaged file can raise becomes a problem at `place`."""
        try:
            yield
        except DAMAGE as error:
            why = str(error).splitlines()[:1] or [type(error).__name__]
            self.problem(why[0] if str(place) in why[0] else f"{place}: {what} ({why[0]})")
