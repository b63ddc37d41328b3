"""Whether a run is trained already: whole weights and a whole training log of this very run."""

from pathlib import Path

from lcr.run.weights import load_tensors
from lcr.util.seals import check_seal


def is_trained(folder: Path, run_hash: str, remake: str) -> bool:
    """Whether the folder holds the run with this hash, whole.

    Args:
        remake: the command that trains the run again, for the message.

    Raises:
        InputError: the weights or the training log have changed since they were written.
    """
    weights, log = folder / "model.safetensors", folder / "metrics.jsonl"
    if not weights.exists() or not log.exists():
        return False
    check_seal(log, remake)
    return load_tensors(weights, remake)[1].get("hash") == run_hash
