"""`lcr train`, `lcr evaluate` and `lcr predict`. Heavy modules are imported when a command runs."""

import logging
from pathlib import Path
from typing import Annotated

import typer

from lcr.commands.options import Changes, DataRoot, Results, Root, Study, data_roots, refuse
from lcr.config.datasets import FORMATS, dataset_format, is_synthetic
from lcr.config.files import load_variant
from lcr.config.load import known_variants, load_study
from lcr.config.run import Run
from lcr.config.variant import method_arms
from lcr.methods import IMPORTED, own
from lcr.util.errors import InputError, printable
from lcr.util.files import check_writable
from lcr.util.gpus import gpu_lease

Dataset = Annotated[
    str,
    typer.Option(
        help="jester, something or kinetics (real clips: give --data-root too), or jester-fixture, something-fixture "
        "or kinetics-fixture (synthetic clips)."
    ),
]
Ablation = Annotated[
    str,
    typer.Option(
        help="full, or what to change: a name in ablations/, a reading of lcr/paper/discrepancies.yaml "
        "(kv-source.edges), or a YAML file; full@literal and the like: under an interpretation other than the study's."
    ),
]
Method = Annotated[
    str | None,
    typer.Option(
        help="In place of --ablation: a method beside LCR: a name of `lcr list methods`; a system of Table 2, as in "
        "resnet3d-18 (small beside synthetic clips, on RGB); or your own, as in my_model.py:build."
    ),
]
Seed = Annotated[
    int, typer.Option(min=0, help="One of the study's: start, clip order, frames and masks follow from it.")
]


def say_backends() -> None:
    """Logs each backend selection and its reason to stderr: one line for each kind of tensors."""
    logger = logging.getLogger("lcr.wkv")
    if logger.handlers:
        return
    said = logging.StreamHandler()
    said.setFormatter(logging.Formatter("%(message)s"))
    logger.setLevel(logging.INFO)
    logger.addHandler(said)


def chosen_run(
    study: str,
    dataset: str,
    ablation: str,
    seed: int,
    data_root: list[str] | None,
    root: Path | None,
    results: Path = Path("results"),
    changes: list[str] | None = None,
) -> Run:
    """The run that a command's options name."""
    dataset_format(dataset)
    folders = data_roots(data_root, dataset)
    if dataset in FORMATS and not folders.get(dataset):
        raise InputError(
            f"{dataset} is the real dataset: say where its clips are with --data-root {dataset}=DIR, "
            f"or take the synthetic ones with --dataset {dataset}-fixture"
        )
    config = load_study(study, folders, root, changes or ())
    if seed not in config.seeds:  # its tables and notebooks would not know what to do with a run more
        raise InputError(
            f"--seed {seed}: study '{config.name}' has the seeds {', '.join(map(str, config.seeds))}; "
            "for another, copy the study's YAML, with a name of its own"
        )
    named = known_variants(root, config)
    variant = named.get(ablation) or load_variant(ablation, root)
    if named.get(variant.name, variant) != variant:
        raise InputError(
            f"--ablation {ablation}: there is another variant named '{variant.name}', whose runs these would replace; "
            "rename it"
        )
    if config.mark:
        variant = variant.model_copy(update={"name": variant.name + config.mark})
    return Run(study=config, dataset=dataset, variant=variant, seed=seed, results=results)


def _arm(context: typer.Context, dataset: str, ablation: str, method: str | None) -> str:
    """The arm that `--ablation` or `--method` names."""
    if method is None:
        return ablation
    refuse(context, "with --method", "ablation")
    dataset_format(dataset)
    if method == "all":
        raise InputError("--method all: one run has one method; all of them: snakemake --config methods=all")
    return method_arms(method, tiny=is_synthetic(dataset))[0]


def train(
    context: typer.Context,
    dataset: Dataset,
    ablation: Ablation = "full",
    method: Method = None,
    seed: Seed = 0,
    study: Study = "tiny",
    data_root: DataRoot = None,
    root: Root = None,
    changes: Changes = None,
    results: Results = Path("results"),
    force: Annotated[bool, typer.Option(help="Train again even if the run is trained already.")] = False,
) -> None:
    """Trains one run; killed and called again, it goes on where it was.

    Example: lcr train --dataset jester-fixture --ablation no_edge_prompt --seed 0

    Writes model.safetensors and metrics.jsonl to results/STUDY/DATASET/ABLATION/seed-SEED/. Test it with lcr evaluate.
    """
    run = chosen_run(study, dataset, _arm(context, dataset, ablation, method), seed, data_root, root, results, changes)
    from lcr.run.train import train as run_training

    check_writable(results)
    if isinstance(model := run.model(classes=1), own.Config):
        own.check(model)
    say_backends()
    with gpu_lease(run.study.device):
        print(run_training(run, force=force))


def evaluate(
    context: typer.Context,
    dataset: Dataset,
    ablation: Ablation = "full",
    method: Method = None,
    seed: Seed = 0,
    study: Study = "tiny",
    data_root: DataRoot = None,
    root: Root = None,
    changes: Changes = None,
    results: Results = Path("results"),
) -> None:
    """Tests one trained run on the validation clips, also with time frozen and reversed.

    Example: lcr evaluate --dataset jester-fixture --ablation no_edge_prompt --seed 0

    Writes predictions.parquet (all class scores of each clip), temporal.parquet and run.json beside the weights.
    """
    run = chosen_run(study, dataset, _arm(context, dataset, ablation, method), seed, data_root, root, results, changes)
    from lcr.report.summary import summary
    from lcr.run.evaluate import evaluate as run_evaluation

    say_backends()
    with gpu_lease(run.study.device):
        print(summary(run_evaluation(run)))


def import_predictions(
    file: Annotated[
        Path,
        typer.Argument(help="CSV or Parquet: a column id, and one a class, by its name or as score_0, …."),
    ],
    method: Annotated[str, typer.Option(help="The name that its rows get.")],
    dataset: Dataset,
    seed: Seed = 0,
    study: Study = "tiny",
    data_root: DataRoot = None,
    root: Root = None,
    results: Results = Path("results"),
) -> None:
    """Brings predictions that were made elsewhere into a study, for the same statistics as all others.

    Example: lcr import-predictions theirs.csv --method theirs --dataset jester-fixture --seed 0

    The ids are those of the clips that the study evaluates (results/STUDY/DATASET/full/seed-0/predictions.parquet has
    them), each once. With a file for every seed, `lcr table table2 --study tiny+imported:theirs` has their row.
    """
    arm = method_arms(f"{IMPORTED}:{method}", tiny=is_synthetic(dataset))[0]
    run = chosen_run(study, dataset, arm, seed, data_root, root, results)
    from lcr.run import imported

    check_writable(results)
    print(imported.import_predictions(run, file))


def predict(
    video: Annotated[Path, typer.Argument(help="A .webm or .mp4 file, or a folder of 00001.jpg, 00002.jpg, …")],
    run: Annotated[Path, typer.Option(help="The folder of a trained and tested run.")] = Path(
        "results/tiny/jester-fixture/full/seed-0"
    ),
    top: Annotated[int, typer.Option(min=1, help="How many classes to show.")] = 5,
    stream: Annotated[bool, typer.Option("--stream", help="Frame by frame, as a camera would give it.")] = False,
    method: Annotated[
        str | None, typer.Option(help="For a run of your own method: its source, whose code is then run.")
    ] = None,
) -> None:
    """Predicts the class of one video with a trained model.

    Example: lcr predict .lcr/data/tiny/jester-fixture/raw/20bn-jester-v1/1 --stream

    Without --stream the clip is sampled and scored by the protocol that the run was tested with.
    """
    from lcr.run import video as one_video

    if method is not None:
        own.allow(method)
    say_backends()
    trained = one_video.load_run(run)
    if not stream:
        shown = one_video.scores(trained, video)
        if trained.protocol.rule == "max_last":
            last = trained.protocol.frames_read(trained.data.frames)
            print(f"each class's highest probability in the last {last} frames; they do not add up to 100%")
        for rank in (-shown).argsort()[:top]:
            print(f"{shown[rank]:7.1%}  {'█' * round(30 * float(shown[rank])):30}  {printable(trained.classes[rank])}")
        return
    for number, shown, seconds in one_video.stream(trained, video):
        best = (-shown).argsort()[:top]
        said = ", ".join(f"{printable(trained.classes[rank])} {shown[rank]:.0%}" for rank in best)
        print(f"frame {number + 1:4d}  {1e3 * seconds:5.1f} ms  {said}", flush=True)
