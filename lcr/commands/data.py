"""`lcr data`: draw, index, pack, check, cut and look at clips. Heavy imports wait until a command runs."""

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lcr.commands.options import DataRoot, data_roots, refuse
from lcr.config.datasets import dataset_format
from lcr.config.load import load_study
from lcr.config.run import Data
from lcr.config.study import MOST_CLIPS, MOST_JOBS
from lcr.util.errors import InputError

if TYPE_CHECKING:
    from lcr.data.prepare import Steps

app = typer.Typer(
    help="Clips: draw, index, pack, check, cut, look at them.", no_args_is_help=True, rich_markup_mode=None
)

Study = Annotated[
    str | None, typer.Option(help="A study, by name or YAML file: its data in .lcr/data/<study>/<dataset>/.")
]
Dataset = Annotated[
    str, typer.Option(help="jester, something or kinetics (real), or jester-fixture, … (synthetic, as a study has it).")
]
Root = Annotated[
    Path | None, typer.Option(help="Without --study: the dataset's folder. With it: the project that holds ablations/.")
]
StudyRoot = Annotated[Path | None, typer.Option(help="The study's project, which holds ablations/.")]
Out = Annotated[Path | None, typer.Option(help="Where to write; the study decides when there is one.")]
Workers = Annotated[int | None, typer.Option(min=1, max=MOST_JOBS, help="Processes; one a core when not given.")]


def _steps(study: str, dataset: str, roots: list[str] | None, root: Path | None, workers: int | None) -> "Steps":
    from lcr.data.prepare import Steps

    return Steps(Data.of(load_study(study, roots=data_roots(roots, dataset), root=root), dataset), workers)


def _do(step: str, *given) -> Path:
    """Does a step of a study's data, of the arguments of `_steps`, alone; returns the files that it made."""
    steps = _steps(*given)
    with steps.alone():
        return getattr(steps, step)()


def _need(value: Path | None, option: str) -> Path:
    if value is None:
        raise InputError(f"without --study, {option} is needed")
    return value


def _new_folder(out: Path) -> Path:
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InputError(f"{out} is there and not empty; give a new folder")
    return out


@app.command()
def fixture(
    context: typer.Context,
    dataset: Dataset,
    study: Study = None,
    out: Out = None,
    train: Annotated[int, typer.Option(min=0, max=MOST_CLIPS, help="Clips of each class to train on.")] = 8,
    validation: Annotated[int, typer.Option(min=0, max=MOST_CLIPS, help="Clips of each class to validate on.")] = 4,
    test: Annotated[int, typer.Option(min=0, max=MOST_CLIPS, help="Clips of each class without a label.")] = 0,
    classes: Annotated[list[str] | None, typer.Option(help="A label to draw; repeat for more. All by default.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Decides every byte.")] = 0,
    data_root: DataRoot = None,
    root: StudyRoot = None,
    workers: Workers = None,
) -> None:
    """Draw synthetic clips in a dataset's own format, by themselves or as a study wants them.

    Example: lcr data fixture --dataset jester --out /tmp/jester --train 4 --validation 2 --classes "Thumb Up"
    """
    if study is not None:
        refuse(context, "with --study, which says itself", "out", "train", "validation", "test", "classes", "seed")
        typer.echo(f"drew {_do('fixture', study, dataset, data_root, root, workers)}")
        return
    refuse(context, "without --study", "data_root", "root")
    from lcr.synthetic.dataset import write

    write(
        dataset_format(dataset),
        _new_folder(_need(out, "--out")),
        train=train,
        validation=validation,
        test=test,
        classes=classes or None,
        seed=seed,
        workers=workers,
    )
    typer.echo(f"drew {out}")


@app.command()
def index(
    context: typer.Context,
    dataset: Dataset,
    study: Study = None,
    root: Root = None,
    out: Out = None,
    data_root: DataRoot = None,
    workers: Workers = None,
) -> None:
    """Read the annotations and every clip once, and write the manifest: one row a clip, with hash and status.

    Example: lcr data index --dataset jester --root /data/jester --out manifest.parquet
    """
    from lcr.data.manifest import build_manifest, read_manifest
    from lcr.data.prepare import warn

    if study is not None:
        refuse(context, "with --study, which says itself", "out")
        out = _do("index", study, dataset, data_root, root, workers)
    else:
        refuse(context, "without --study, where --root says it", "data_root")
        out, folder = _need(out, "--out"), _need(root, f"--root DIR with the {dataset} clips")
        build_manifest(dataset, folder, workers=workers, warn=warn).write(out)
    manifest = read_manifest(out)
    counts = Counter(row["split"] for row in manifest.rows())
    clips = ", ".join(f"{count} {split}" for split, count in counts.items())
    typer.echo(f"{out}: {clips} clips of {len(manifest.classes)} classes")


@app.command()
def pack(
    study: Annotated[str, typer.Option(help="The study whose data configuration says how clips are resized.")],
    dataset: Dataset,
    data_root: DataRoot = None,
    root: StudyRoot = None,
    workers: Workers = None,
) -> None:
    """Decode all usable clips of a study's dataset once, into one file that training reads without decoding.

    Example: lcr data pack --study tiny --dataset jester-fixture
    """
    typer.echo(f"packed {_do('pack', study, dataset, data_root, root, workers)}")


@app.command()
def check(
    context: typer.Context,
    study: Study = None,
    dataset: Annotated[str | None, typer.Option(help="The study's dataset to check.")] = None,
    manifest: Annotated[Path | None, typer.Option(help="Without --study: the manifest to check.")] = None,
    data_root: DataRoot = None,
    root: StudyRoot = None,
    workers: Workers = None,
) -> None:
    """Compare every clip with the manifest, and report counts, gaps, and clips in two splits.

    Example: lcr data check --study tiny --dataset jester-fixture
    """
    from lcr.data.check import check_manifest, check_pack
    from lcr.data.manifest import read_manifest
    from lcr.data.prepare import warn

    if study is not None:
        refuse(context, "with --study, which says itself", "manifest")
        if dataset is None:
            raise InputError("--dataset is needed: which of the study's datasets to check")
        steps = _steps(study, dataset, data_root, root, workers)
    else:
        refuse(context, "without --study: the manifest says it", "dataset", "data_root", "root")
        steps = None
    path = steps.manifest_path if steps else _need(manifest, "--manifest")
    content = read_manifest(path)
    limit = {"max_pixels": steps.config.data.max_pixels} if steps else {}
    report = check_manifest(content, path, workers=workers, **limit)
    if steps is not None and content.key != steps.data.key:
        report.warnings.append("the manifest is of another configuration of the study; `lcr train` makes it again")
    if steps is not None and steps.config.data.pack and not report.faults:
        check_pack(steps, content, report)
    typer.echo("\n".join(report.facts))
    for line in report.warnings:
        warn(line)
    if report.faults:
        raise InputError(f"{path}: {'; '.join(report.faults)}")
    typer.echo("all clips are as indexed")


@app.command()
def subset(
    dataset: Annotated[str, typer.Option(help="jester, something or kinetics.")],
    root: Annotated[Path, typer.Option(help="The dataset's folder.")],
    out: Annotated[Path, typer.Option(help="A new folder; becomes a root in the same format.")],
    per_class: Annotated[
        int, typer.Option(min=1, max=MOST_CLIPS, help="Clips of each class, in each of train and validation.")
    ],
    seed: Annotated[int, typer.Option(help="Decides which clips.")] = 0,
) -> None:
    """Cut a small part out of a real dataset, with annotation files to match.

    Example: lcr data subset --dataset jester --root /data/jester --out /data/jester-small --per-class 4 --seed 0
    """
    from lcr.data.prepare import warn
    from lcr.data.subset import subset as cut

    part = cut(dataset, root, _new_folder(out), per_class=per_class, seed=seed, warn=warn)
    typer.echo(f"{out}: {len(part.rows)} clips of {len(part.classes)} classes")


@app.command()
def sheet(
    dataset: Dataset,
    root: Annotated[Path, typer.Option(help="The dataset's folder.")],
    out: Annotated[Path, typer.Option(help="The image to write, such as sheet.png.")],
    columns: Annotated[int, typer.Option(min=1, max=64, help="Frames a clip.")] = 8,
    height: Annotated[int, typer.Option(min=8, max=2160, help="Height of a frame in pixels.")] = 72,
    seed: Annotated[int, typer.Option(help="Decides which clips.")] = 0,
) -> None:
    """Draw a contact sheet: a clip of each class, its frames from left to right.

    Example: lcr data sheet --dataset jester --root /data/jester --out sheet.png
    """
    from lcr.data.manifest import read_annotations
    from lcr.data.sheet import contact_sheet, write_sheet

    if out.suffix not in (".png", ".jpg"):
        raise InputError(f"--out {out}: give a name that ends in .png or .jpg")
    drawn = contact_sheet(read_annotations(dataset, root), root, columns=columns, height=height, seed=seed)
    write_sheet(drawn, out)
    typer.echo(f"drew {out}")
