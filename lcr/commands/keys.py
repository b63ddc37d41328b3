"""`lcr keys`: the keys by which results stay valid, and the proof that an edit changes no bit."""

import json
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from lcr.commands.options import Root, Study
from lcr.config.keys import PACKAGE
from lcr.config.load import load_study
from lcr.util.errors import Mismatch

app = typer.Typer(
    help="Keys of results: list what counts in them, prove that an edit changes no bit.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command(name="list")
def list_(study: Study = "smoke", root: Root = None) -> None:
    """Prints, as JSON, the digest of the sources behind the data, training and evaluation of each arm.

    Example: lcr keys list --study smoke
    """
    from lcr.evidence.prove import told_sources

    print(json.dumps(told_sources(load_study(study, root=root)), indent=1))


@app.command()
def prove(
    commit: Annotated[str, typer.Option(help="The version to compare with: a commit of this checkout.")] = "HEAD",
    arm: Annotated[
        list[str] | None, typer.Option(help="Only these variants; then nothing is recorded. Repeatable.")
    ] = None,
) -> None:
    """Runs every arm by an earlier commit and by the working tree, and compares weights and predictions to the bit.

    Start, resumption after a kill, the last steps of the schedule, evaluation; synthetic clips and the readers of real
    ones. Where all is equal and every changed statement was executed, results of the earlier commit stay valid: that is
    recorded in lcr/config/proved.json, to be committed with the edit. About ten minutes on two cores; exit 1 where
    something differs. Needs a checkout with the native kernel built, if it is used, and `pip install 'lcr[test]'`.

    Example: lcr keys prove --commit HEAD~1
    """
    from lcr.evidence.prove import about_this_machine, checkout, prove, snapshot

    with tempfile.TemporaryDirectory(prefix="lcr-prove-") as folder:
        earlier = checkout(PACKAGE.parent, commit, Path(folder, "earlier"))
        now, work = snapshot(Path(folder, "now")), Path(folder, "work")
        found = prove(now, earlier, work, only=arm or (), about=about_this_machine(commit))
    for line in found.differ:
        print(f"DIFFERS {line}")
    for line in found.unseen:
        print(f"NOT EXECUTED {line}")
    if not found.holds:
        raise Mismatch(
            f"{len(found.differ)} of {len(found.arms)} arms differ, {len(found.unseen)} changed statements not executed"
        )
    print(f"{len(found.arms)} arms are equal to the bit; {found.note or f'{found.recorded} digests recorded'}")
