"""`lcr answer` and `lcr report`. Heavy modules are imported when a command runs."""

import os
from pathlib import Path
from typing import Annotated

import typer

from lcr.commands.options import Results

app = typer.Typer(help="Pages made from results.", no_args_is_help=True)


@app.callback()
def report() -> None:
    """Pages made from results."""


def answer(
    study: Annotated[str, typer.Option(help="The study whose tables are put into words: a name.")],
    results: Results = Path("results"),
) -> None:
    """The answer in words, with tables and figures, from the study's tables alone.

    Writes README.md and the same as one HTML page, answer.html, to results/STUDY/.

    Example: lcr answer --study tiny
    """
    from lcr.report.finished import Finished
    from lcr.report.readme import write_readme

    print(*write_readme(Finished(study, results)), sep="\n")


@app.command()
def readme(
    write: Annotated[
        bool, typer.Option("--write/--check", help="Write the block, or only compare it: exit 1 if a line differs.")
    ] = False,
    study: Annotated[str, typer.Option(help="The study of the reference.")] = "tiny",
    reference: Annotated[str, typer.Option(help="The folder of the study's folder.")] = "results/reference",
    file: Annotated[str, typer.Option(help="The page that holds the block.")] = "README.md",
) -> None:
    """The result block of README.md, between two comments, from the committed reference.

    Example: lcr report readme --check
    """
    from lcr.report.finished import Finished
    from lcr.report.readme import compare_block, result_block

    finished, page = Finished(study, reference), Path(file)
    compare_block(page, result_block(finished, os.path.relpath(finished.folder, page.parent)), write=write)
    print(f"{page}: the result block is {'written' if write else 'as the reference gives it'}")
