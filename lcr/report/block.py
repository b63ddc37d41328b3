"""README's result block: the answer, Table 2 and the training times of a committed reference, between two comments."""

from itertools import zip_longest
from pathlib import Path

from lcr.report.answer import READ, answer
from lcr.report.finished import Finished
from lcr.study.tables.markdown import markdown
from lcr.study.tables.registry import TABLES
from lcr.util.errors import InputError, Mismatch
from lcr.util.files import write_aside

BEGIN, END = "<!-- `lcr report readme --write` makes the lines below -->\n", "<!-- end of the made lines -->\n"


def result_block(finished: Finished, folder: str) -> str:
    """The block in Markdown.

    Args:
        folder: the study's folder as a link from README.

    Raises:
        InputError: a table or a run's record is missing or damaged.
    """
    tables = {name: finished.table(name) for name in READ}
    dataset = tables["table2"].dataset.iloc[-1]
    parts = [
        "\n".join(f"- {sentence.text}" for sentence in answer(tables, len(finished.classes(dataset)))),
        markdown(TABLES["table2"], tables["table2"]),
        _training(finished),
        f"![Each variant's accuracy, and its difference from the full model]({folder}/figures/ablations.png)",
        f"More tables, figures, and the claims that are contradicted: [{folder}/README.md]({folder}/README.md).",
    ]
    return "\n\n".join(parts) + "\n"


def _training(finished: Finished) -> str:
    """Runs, seconds and machine, from the runs' records."""
    records = [finished.store.record(*run) for run in finished.store.runs()]
    seconds = [record.train_seconds or 0 for record in records]
    machines = {
        f"torch {record.versions.get('torch')} on {record.hardware.get('cpu')} ({record.hardware.get('simd')})"
        for record in records
    }
    total, mean = sum(seconds) / 60, sum(seconds) / len(seconds)
    return f"{len(records)} trainings took {total:.0f} min, {mean:.0f} s on average: {' and '.join(sorted(machines))}."


def compare_block(file: Path, block: str, *, write: bool = False) -> None:
    """Compares README's block with `block`, or puts `block` in its place in one atomic write.

    Raises:
        Mismatch: they differ; the first such line is named.
        InputError: the file cannot be read or written, or lacks a comment.
    """
    try:
        before, begin, rest = file.read_text(encoding="utf-8").partition(BEGIN)
    except OSError as error:
        raise InputError(f"cannot read {file}: {error.strerror}") from error
    shown, end, after = rest.partition(END)
    if not end:
        raise InputError(f"{file} has no lines {BEGIN.strip()} and {END.strip()}")
    if write:
        with write_aside(file) as aside:
            aside.write_text(f"{before}{begin}{block}{end}{after}", encoding="utf-8")
        return
    pairs = zip_longest(shown.splitlines(), block.splitlines(), fillvalue="")
    for line, (old, new) in enumerate(pairs, before.count("\n") + 2):
        if old != new:
            raise Mismatch(f"{file}, line {line} is\n{old}\nby the reference\n{new}\n(lcr report readme --write)")
