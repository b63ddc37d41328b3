"""`lcr list`: everything that has a name, with the words that describe it."""

from typing import Annotated, Literal

import typer

from lcr.commands.options import Changes, Root
from lcr.config.datasets import DATASETS, dataset_format, is_synthetic, official_labels
from lcr.config.files import interpretation_names, load_interpretation, study_names
from lcr.config.load import known_variants, load_study
from lcr.config.register import reading_variants
from lcr.config.variant import METHOD_ARMS, method_arms
from lcr.cost import counted
from lcr.methods import own
from lcr.model.models import MODELS

Kind = Literal["models", "methods", "variants", "interpretations", "readings", "studies", "datasets"]
MODEL = "{size}×{size} frames, depth {depth}, width {width}, {millions:.2f}M parameters for {classes} classes"


def list_(kind: Annotated[Kind, typer.Argument(help="The kind of names.")], root: Root = None) -> None:
    """Lists everything of a kind by the names that other commands take.

    Example: lcr list readings
    """
    from rich.console import Console
    from rich.table import Table

    found, console, table = _described(kind, root), Console(), Table(show_header=False, box=None)
    if not console.is_terminal:  # one name a line, for a shell
        print("\n".join("\t".join(row) for row in found.items()))
        return
    for row in found.items():
        table.add_row(*row)
    console.print(table)


def _described(kind: Kind, root: Root) -> dict[str, str]:
    """The words that describe each thing of a kind, by its name."""
    match kind:
        case "models":
            return {
                name: MODEL.format(
                    size=one.frame_size,
                    depth=one.depth,
                    width=one.hidden,
                    millions=counted(one, 1).params / 1e6,
                    classes=one.classes,
                )
                for name, one in MODELS.items()
            }
        case "methods":
            for name in own.installed():
                method_arms(name, tiny=False)
            return {name: f"{one.title}: {' '.join(one.hypothesis.split())}" for name, one in METHOD_ARMS.items()}
        case "variants":
            others = reading_variants() | METHOD_ARMS
            variants = {name: one for name, one in known_variants(root).items() if name not in others}
            return {name: f"hypothesis: {one.hypothesis}" for name, one in variants.items()}
        case "readings":
            return {name: one.title for name, one in reading_variants().items()}
        case "interpretations":
            found = {name: load_interpretation(name, root) for name in interpretation_names(root)}
            return {name: f"distance {one.bundle.distance()}: {one.title}" for name, one in found.items()}
        case "studies":
            return {name: load_study(name, root=root).question for name in study_names(root)}
        case "datasets":
            clips = {True: "synthetic clips in its format", False: "real clips; give --data-root"}
            return {
                name: f"{clips[is_synthetic(name)]} ({len(official_labels(dataset_format(name)))} official labels)"
                for name in DATASETS
            }


def show(
    kind: Annotated[Literal["study"], typer.Argument(help="What to show.")],
    name: Annotated[str, typer.Argument(help="Its name, or the path of its YAML.")],
    root: Root = None,
    changes: Changes = None,
) -> None:
    """Shows a study as it is read: every key with its value, defaults and the keys of `like:` included, as YAML.

    Example: lcr show study tiny
    """
    import yaml

    study = load_study(name, root=root, changes=changes or ())
    content = study.model_dump(mode="json")
    for dataset, config in study.datasets.items():
        content["datasets"][dataset]["rates"] = dict(config.rates)
    print(yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=120), end="")
