"""Whether a run is trained already: whole weights and a whole log of this very run, in its folder or in another."""

import shutil
from pathlib import Path

from lcr.config.run import Run
from lcr.run.weights import load_tensors, save_tensors
from lcr.util.errors import InputError
from lcr.util.files import atomic_write
from lcr.util.reading import parse_json
from lcr.util.seals import sealed_bytes


def is_trained(folder: Path, run_hash: str, remake: str) -> bool:
    """Whether the folder holds the run with this hash, whole.

    Args:
        remake: the command that trains the run again, for the message.

    Raises:
        InputError: the weights or the training log have changed since they were written, or are of two runs.
    """
    weights, log = folder / "model.safetensors", folder / "metrics.jsonl"
    if not weights.exists() or not log.exists():
        return False
    made = load_tensors(weights, remake)[1].get("hash")
    try:
        logged = parse_json(sealed_bytes(log, remake).splitlines()[-1])["run"]
    except (ValueError, LookupError, TypeError) as error:
        raise InputError(f"{log} is no whole training log; train the run again: {remake}") from error
    if logged != made:
        raise InputError(f"{log} is a log of other weights than {weights}; train the run again: {remake}")
    return made == run_hash


def has_weights(run: Run, about: dict[str, object]) -> bool:
    """Whether there is nothing to train: the run is trained, or is now, as a copy of an equal run. Prints which.

    Args:
        about: the run's hash, name and key.

    Raises:
        InputError: as `is_trained`, of the run's own folder.
    """
    if is_trained(run.folder, str(about["hash"]), f"`lcr train {run.options} --force`"):
        print(f"{run.folder} is trained already; --force trains it again")
        return True
    if twin := _take_over(run, about):
        print(f"{run.folder} takes over the weights of {twin}, which are of the very same training")
    return twin is not None


def _take_over(run: Run, about: dict[str, object]) -> Path | None:
    """The folder of an equal run, whose weights and training log were copied to the run's own; None if there is none.

    Two studies, or two arms of one, may train the very same model on the same clips: a control beside its full model,
    or a tuning rate that is the study's own. Their hashes are equal, and so would be every bit.
    `about` replaces the copy's own.
    """
    remake = f"`lcr train {run.options} --force`"
    for weights in sorted(run.results.glob(f"*/{run.dataset}/*/seed-{run.seed}/model.safetensors")):
        try:
            if weights.parent == run.folder or not is_trained(weights.parent, str(about["hash"]), remake):
                continue
            tensors, described = load_tensors(weights, remake)
        except InputError:
            continue  # a damaged run of another study is told of where that study is used
        with atomic_write(run.folder / "metrics.jsonl") as aside:
            shutil.copyfile(weights.parent / "metrics.jsonl", aside)
        save_tensors(run.folder / "model.safetensors", tensors, described | about)
        return weights.parent
    return None
