"""Options that several commands share, read in one way."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from lcr.config.datasets import DATASETS, dataset_format, is_synthetic
from lcr.study.tables.frame import Source
from lcr.util.errors import InputError

Device = Literal["cpu", "cuda"]
Study = Annotated[str, typer.Option(help="The study: a name, or the path of its YAML.")]
DataRoot = Annotated[
    list[str] | None,
    typer.Option(
        metavar="DATASET=DIR",
        help="The study is on real clips in DIR. Repeatable; DIR alone, where the command names the dataset.",
    ),
]
Root = Annotated[Path | None, typer.Option(help="The folder that holds ablations/; found by itself when left out.")]
Changes = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Changes a key of the study, as in datasets.jester-fixture.train.epochs=3. Repeatable; the run then has a "
        "folder of its own, whose name ends in .set- and a digest.",
    ),
]
Results = Annotated[Path, typer.Option(help="The folder of all results, in which the study's folder stands.")]


def study_source(study: str, data_root: list[str] | None, root: Path | None, results: Path) -> Source:
    """The source of a study's tables, from the options of a command.

    Raises:
        InputError: there is no such study, or something in it or in `data_root` is wrong.
    """
    from lcr.config.load import load_study

    return Source(load_study(study, data_roots(data_root), root), results)


def refuse(context: typer.Context, why: str, *names: str) -> None:
    """Refuses options that would be ignored.

    Args:
        why: what makes them so, as in "with --study".
        names: parameters of the command.

    Raises:
        InputError: the user gave one of them.
    """
    for name in names:
        source = context.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE":
            raise InputError(f"--{name.replace('_', '-')} has no effect {why}; leave it out")


def data_roots(given: list[str] | None, dataset: str | None = None) -> dict[str, str | None]:
    """`--data-root` as absolute folders by dataset: ["jester=DIR"] -> {"jester": "/…/DIR"}.

    Args:
        dataset: the one that a folder without a name is for; None where the command names none.

    Raises:
        InputError: one is not of the form DATASET=DIR, or the folder is not there.
    """
    from lcr.config.files import real_folder

    roots: dict[str, str | None] = {}
    for text in given or []:
        name, equals, folder = text.partition("=")
        if not equals and dataset is not None:
            name, folder = dataset, text
        if not name or not folder:
            raise InputError(f"--data-root {text}: DATASET=DIR is expected, as in jester=/data/jester")
        if name in DATASETS and is_synthetic(name):
            real = dataset_format(name)
            raise InputError(
                f"--data-root {text}: the clips of {name} are synthetic and lie in no folder of yours; for your clips "
                f"give --data-root {real}=DIR" + (f" and --dataset {real}" if dataset else "")
            )
        roots[name] = real_folder(folder, f"--data-root {text}")
    return roots
