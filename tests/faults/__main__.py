"""`python -m tests.faults`: runs every harness of faults, prints its numbers, and with --write puts them into docs/.

A harness is a module of this package with `run(scale) -> dict`: each entry is a number, or a list of what went wrong,
which is empty where all promises were kept.
"""

import argparse
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from tests.micro import PROJECT

HARNESSES = {
    "flips": "One byte of a file is changed; its reader or `lcr verify` names the file",
    "fuzz": "Mutated and generated files; a reader returns or refuses them with one line",
    "kills": "SIGKILL at random moments; the same command again ends with the same bits",
    "command_lines": "Bad command lines; each ends with exit code 2 and one line",
}
DOCUMENT = PROJECT / "docs/faults.md"
HEAD = """# Faults

Numbers of the fault harness, `tests/faults/`. This command makes them again: `python -m tests.faults --write`.

| harness | measure | number |
|---|---|---|
"""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    told = ". ".join(f"{name}: {what}" for name, what in HARNESSES.items())
    parser.add_argument("names", nargs="*", metavar="HARNESS", help=f"some of these; all by default. {told}")
    parser.add_argument("--scale", type=float, default=1.0, help="the share of the full counts, as in 0.1")
    parser.add_argument("--write", action="store_true", help=f"write {DOCUMENT.relative_to(PROJECT)}")
    options = parser.parse_args()
    if unknown := set(options.names) - set(HARNESSES):
        parser.error(f"unknown harness {', '.join(sorted(unknown))}; known: {', '.join(HARNESSES)}")
    if options.write and (options.names or options.scale != 1):
        parser.error("--write needs all harnesses at full scale")
    rows, wrong = [], []
    for name in options.names or HARNESSES:
        if find_spec(f"tests.faults.{name}") is None:
            continue
        for measure, value in import_module(f"tests.faults.{name}").run(options.scale).items():
            if isinstance(value, list):
                wrong += [f"{name}: {one}" for one in value]
                value = len(value)
            rows.append((name, measure, value))
            print(f"{name}: {measure}: {value}", flush=True)
    for line in wrong:
        print(f"FAULT {line}", file=sys.stderr)
    if options.write and not wrong:
        Path(DOCUMENT).write_text(document(rows), encoding="utf-8")
        print(f"written to {DOCUMENT}")
    return 1 if wrong else 0


def document(rows: list[tuple[str, str, object]]) -> str:
    """The page with the numbers and, below them, a line for each harness."""
    lines = [f"| {name} | {measure} | {value} |" for name, measure, value in rows]
    told = [f"- **{name}**: {HARNESSES[name].replace('|', '')}." for name in dict.fromkeys(name for name, *_ in rows)]
    return HEAD + "\n".join(lines) + "\n\n" + "\n".join(told) + "\n"


if __name__ == "__main__":
    sys.exit(main())
