"""`lcr list`: everything that has a name, with the words that describe it."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Kind(StrEnum):
    models = "models"
    variants = "variants"
    readings = "readings"
    studies = "studies"
    datasets = "datasets"


def list_(
    kind: Annotated[Kind, typer.Argument(help="The kind of names.")],
    root: Annotated[Path | None, typer.Option(help="The folder that holds ablations/; found when left out.")] = None,
) -> None:
    """Lists models, variants, readings, studies or datasets by the names that other commands take.

    Example: lcr list readings
    """
    from rich.console import Console
    from rich.table import Table

    found = {
        Kind.models: _models,
        Kind.variants: _variants,
        Kind.readings: _readings,
        Kind.studies: _studies,
        Kind.datasets: _datasets,
    }[kind](root)
    console = Console()
    if not console.is_terminal:  # one name a line, for a shell
        print("\n".join("\t".join(row) for row in found))
        return
    table = Table(show_header=False, box=None)
    for row in found:
        table.add_row(*row)
    console.print(table)


def _models(root: Path | None) -> list[tuple[str, str]]:
    from lcr.cost import counted
    from lcr.model.models import MODELS

    return [
        (
            name,
            f"{one.frame_size}×{one.frame_size} frames, {one.depth} layers of width {one.hidden}, "
            f"{counted(one, 1).params / 1e6:.2f}M parameters for {one.classes} classes",
        )
        for name, one in MODELS.items()
    ]


def _variants(root: Path | None) -> list[tuple[str, str]]:
    from lcr.config.register import reading_variants
    from lcr.config.study import known_variants

    known = known_variants(root)
    return [(name, one.hypothesis) for name, one in known.items() if name not in reading_variants()]


def _readings(root: Path | None) -> list[tuple[str, str]]:
    from lcr.config.register import reading_variants

    return [(name, one.title) for name, one in reading_variants().items()]


def _studies(root: Path | None) -> list[tuple[str, str]]:
    from lcr.config.study import load_study, study_names

    return [(name, load_study(name, root=root).question) for name in study_names(root)]


def _datasets(root: Path | None) -> list[tuple[str, str]]:
    from lcr.config.datasets import DATASETS, dataset_format, is_synthetic, official_labels

    def about(name: str) -> str:
        kind = dataset_format(name)
        clips = "synthetic clips in its format" if is_synthetic(name) else "real clips; give --data-root"
        return f"{clips} ({len(official_labels(kind))} official labels)"

    return [(name, about(name)) for name in DATASETS]
