"""Whether the rows of a table were made alike: by one WKV backend, the same library versions, one instruction set.

Such rows can differ in their last bits for reasons that are not the models'. So a row that was made otherwise than
another one, or whose seeds were, says so in its note, and `--strict` refuses the table.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

from lcr.config.record import RunRecord
from lcr.config.run import Run
from lcr.methods import IMPORTED
from lcr.study.predictions import Results
from lcr.study.store import Key, Store
from lcr.util.errors import Mismatch, printable

R = TypeVar("R")
Told = dict[str, dict[str, list[int]]]  # by property: by value: the seeds that have it


def mixtures(rows: Mapping[R, Sequence[RunRecord]]) -> dict[R, str]:
    """In words, how a row was made, where rows differ or the seeds of one row do; rows without a difference are absent.

    Args:
        rows: by row, the records of its seeds.
    """
    told = {row: _told(records) for row, records in rows.items()}
    values: dict[str, set[str]] = {}
    for properties in told.values():
        for name, seeds in properties.items():
            values.setdefault(name, set()).update(seeds)
    mixed = {name: found for name, found in values.items() if len(found) > 1}
    notes = {
        row: "; ".join(_words(name, properties[name], mixed[name]) for name in mixed if name in properties)
        for row, properties in told.items()
    }
    return {row: note for row, note in notes.items() if note}


def _told(records: Sequence[RunRecord]) -> Told:
    found: Told = {}
    for record in records:
        for name, value in dict.fromkeys(_properties(record)):
            found.setdefault(name, {}).setdefault(value, []).append(record.seed)
    return found


def _properties(record: RunRecord) -> Iterator[tuple[str, str]]:
    """Name and value of all that two makers must share; a value that a record does not have is left out.

    Predictions from elsewhere share nothing: who made them is not known.
    """
    if record.config.get("model", {}).get("method") == IMPORTED:
        return
    yield "record of the training", "none" if record.training is None else "whole"
    *training, evaluation = record.makers
    for part, made in (*(("training", made) for made in training), ("evaluation", evaluation)):
        machine = {
            "WKV backend": made.backend,
            "instruction set": made.hardware.simd,
            "kernel's instruction set": made.hardware.kernel,
            "GPU": made.hardware.gpu,
        }
        yield from ((f"{name} in {part}", value) for name, value in (machine | made.versions).items() if value)


def _words(name: str, own: dict[str, list[int]], values: set[str]) -> str:
    here = " | ".join(f"{value} (seeds {', '.join(map(str, seeds))})" for value, seeds in own.items())
    others = ", ".join(sorted(values - own.keys()))
    text = f"MIXED {name}: {here if len(own) > 1 else next(iter(own))}"
    return printable(text + (f" (other rows: {others})" if others else ""))


def noted_makers(found: list[Results]) -> list[Results]:
    """Rows of one table, each with its mixture of makers in `mixed`."""
    notes = mixtures({(one.run.dataset, one.run.variant.name): one.records for one in found})
    return [
        one._replace(mixed="; ".join(filter(None, (one.mixed, notes.get((one.run.dataset, one.run.variant.name))))))
        for one in found
    ]


def records_behind(store: Store, runs: Sequence[Run]) -> dict[str, list[RunRecord]]:
    """The records of those runs that have one, by dataset and variant; raises InputError for a damaged record."""
    wanted, found = {Key(run.dataset, run.variant.name, run.seed) for run in runs}, {}
    for key in store.runs():
        if key in wanted:
            found.setdefault(f"{key.dataset}/{key.variant}", []).append(store.record(*key))
    return found


def refuse(mixed: Mapping[str, str]) -> None:
    """Raises Mismatch if any row has a mixture."""
    if mixed:
        lines = "\n".join(f"  {row}: {note}" for row, note in mixed.items())
        raise Mismatch(f"{len(mixed)} rows were not made alike; make them again on one machine:\n{lines}")
