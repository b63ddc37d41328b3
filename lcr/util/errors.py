"""Errors that the user can mend: one line, an exit code, no traceback."""

from collections.abc import Iterable
from difflib import get_close_matches


class LCRError(Exception):
    """Base of all errors that the command line prints as one line."""

    exit_code = 1


class InputError(LCRError):
    """Something given to the program is wrong: the message says what, where, and what to do. Exit code 2."""

    exit_code = 2


class RunFailed(LCRError):
    """A run that started well could not go on, for instance at a non-finite loss. Exit code 1."""


class Mismatch(LCRError):
    """Results are not what their records say. Exit code 1."""

    exit_code = 1


def printable(text: str) -> str:
    """`text` with line ends, codes that a terminal acts on, and bytes that are no text written as escapes."""
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The one of `known` that `name` was perhaps meant to be; None where none is like it."""
    return next(iter(get_close_matches(name, list(known), n=1, cutoff=0.5)), None)


def unknown(kind: str, name: str, known: Iterable[str]) -> InputError:
    """The error for a name that is none of `known`, with the nearest known one named."""
    known = list(known)
    return unknown_meant(kind, name, nearest(name, known), known)


def unknown_meant(kind: str, name: str, meant: str | None, known: Iterable[str]) -> InputError:
    """The error for an unknown name that was perhaps `meant` to be another; where none is, `known` is listed."""
    hint = f"did you mean '{meant}'?" if meant else f"known: {', '.join(known)}"
    return InputError(f"unknown {kind} '{printable(name):.200}'; {hint}")
