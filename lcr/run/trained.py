"""Whether a run is trained already: whole weights and a whole training log of this very run."""

from pathlib import Path

from lcr.run.weights import load_tensors
from lcr.util.errors import InputError
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
