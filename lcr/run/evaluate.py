"""Tests one trained run: predictions.parquet, temporal.parquet and run.json.

temporal.parquet asks whether the model sees time. On clips of classes whose time reverse is a class too, it keeps the
two classes' scores for the clip as it is, for its last frame repeated (place without time: half of the pairs should
come out right) and for the clip reversed (the answer should flip).
"""

import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from torch import Tensor, nn

from lcr.config.keys import Environment
from lcr.config.record import RunRecord, command_of
from lcr.config.run import Run
from lcr.config.study import Protocol
from lcr.data.clips import Clips, test_batches
from lcr.data.prepare import prepare
from lcr.methods import AnyConfig, build
from lcr.model.config import ModelConfig
from lcr.run.made import made_here, maker_of
from lcr.run.protocol import predict
from lcr.run.train import inputs, peak_resident_gb, set_machine
from lcr.run.weights import load_model, load_tensors
from lcr.util.errors import InputError
from lcr.util.files import remove_unfinished
from lcr.util.locks import run_lock
from lcr.util.parquet import write_sealed_parquet
from lcr.util.schema import Frozen, parse
from lcr.util.seals import sealed_bytes

BATCH = 32

# How a clip's frames and edges (B, T, …) are shown in each condition of temporal.parquet.
CONDITIONS = {
    "as_is": lambda clip: clip,
    "last_frame": lambda clip: clip[:, -1:].expand_as(clip),
    "reversed": lambda clip: clip.flip(1),
}


class Description(Frozen):
    """The description of trained weights, as `lcr.run.train` writes it; who made them is read by `maker_of`."""

    hash: str
    train_key: str
    data_hash: str
    train_clips: int
    classes: tuple[str, ...]
    model: AnyConfig


def load_trained(path: Path, device: torch.device, remake: str = "") -> tuple[nn.Module, dict[str, Any]]:
    """A trained model in evaluation mode, and what its file says of itself.

    Args:
        remake: the command that trains the run again; by default with the names in the path.

    Raises:
        InputError: the file is missing, damaged, or of another configuration than it says, or of other sources.
    """
    tensors, about = load_tensors(path, remake or command_of(path.parent, "train", "--force"))
    try:
        told = parse(Description, {name: about.get(name) for name in Description.model_fields}, str(path))
        config, weights = told.model, sum(map(Tensor.numel, tensors.values()))
        if len(told.classes) != config.classes:
            raise InputError(f"{path}: it names {len(told.classes)} classes, and its model has {config.classes}")
        if (
            isinstance(config, ModelConfig)
            and max(config.hidden * max(config.hidden, config.classes), config.depth, config.frame_size) > weights
        ):
            raise InputError(f"{path}: its configuration is that of a larger model than its {weights} weights")
        model = build(config)
    except InputError as error:
        raise InputError(f"{error}; train it again") from None
    except (TypeError, RuntimeError) as error:  # numbers beyond what torch can hold
        raise InputError(f"{path}: no model has its configuration; train it again") from error
    load_model(model, tensors, path)
    return model.to(device).eval(), about


def score_clips(
    model: nn.Module, clips: Clips, protocol: Protocol, device: torch.device, workers: int
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Scores of all clips, (clips, classes) float32; and of those with a time reverse, by condition.

    The latter are (clips, 2): the score of the clip's class and of its reverse; NaN for a clip without one.
    """
    scores: list[Tensor] = []
    pairs: dict[str, list[Tensor]] = {name: [] for name in CONDITIONS}
    for batch in test_batches(clips, protocol, batch_size=max(1, BATCH // protocol.views), workers=workers):
        frames, edges = inputs(batch, device)
        whole = predict(model, frames, edges, protocol, batch.views).cpu()
        scores.append(whole)
        reverses = torch.tensor([clips.reverses.get(int(label), -1) for label in batch.labels])
        paired = (reverses >= 0).nonzero()[:, 0]
        if not len(paired):
            continue
        rows = (paired[:, None] * batch.views + torch.arange(batch.views)).flatten().to(device)
        both = torch.stack([batch.labels[paired], reverses[paired]], dim=1)
        for name, show in CONDITIONS.items():
            shown = whole[paired]
            if name != "as_is":
                shown = predict(model, show(frames[rows]), show(edges[rows]), protocol, batch.views).cpu()
            pairs[name].append(shown.gather(1, both))
    none = torch.zeros(0, 2)
    return torch.cat(scores).numpy(), {name: torch.cat([none, *parts]).numpy() for name, parts in pairs.items()}


def predictions_table(clips: Clips, scores: np.ndarray, about: dict[str, str]) -> pa.Table:
    """One row a clip: id, label, label_name, prediction and every class's score."""
    names = [clips.classes[label] if label >= 0 else None for label in clips.labels]
    columns = {"id": clips.ids, "label": clips.labels, "label_name": names, "prediction": scores.argmax(1)}
    columns |= {f"score_{number}": scores[:, number] for number in range(scores.shape[1])}
    return pa.table(columns).replace_schema_metadata(about)


def temporal_table(clips: Clips, pairs: dict[str, np.ndarray], about: dict[str, str]) -> pa.Table:
    """One row a clip and condition, of the clips whose class has its time reverse among the classes."""
    paired = [at for at, label in enumerate(clips.labels) if int(label) in clips.reverses]
    one = {
        "id": [clips.ids[at] for at in paired],
        "label": clips.labels[paired],
        "reverse_label": np.array([clips.reverses[int(clips.labels[at])] for at in paired], np.int64),
    }
    tables = [
        pa.table(one | {"condition": [name] * len(paired), "score_label": own[:, 0], "score_reverse": own[:, 1]})
        for name, own in pairs.items()
    ]
    return pa.concat_tables(tables).replace_schema_metadata(about)


def _training(folder: Path, run_hash: str, remake: str) -> dict[str, Any]:
    """The numbers of the training that the record repeats from metrics.jsonl."""
    try:
        log = sealed_bytes(folder / "metrics.jsonl", remake)
        *_, last, end = map(json.loads, log.splitlines())
        if end["run"] != run_hash:
            raise ValueError("it is another run's")
        return {"train_seconds": end["seconds"], "train_peak_rss_gb": end["peak_rss_gb"], "steps": last["step"]}
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise InputError(
            f"{folder / 'metrics.jsonl'} is missing or not whole ({error}); train the run again, with --force"
        ) from error


def evaluate(run: Run) -> Path:
    """Evaluates a trained run on the validation split and returns its folder.

    Raises:
        InputError: the run is not trained, or its weights are damaged, of no use, or of another configuration or data.
    """
    device = set_machine(run.study)
    began = time.monotonic()
    config, folder = run.config, run.folder
    weights, remake = folder / "model.safetensors", f"`lcr train {run.options} --force`"
    with run_lock(f"evaluate-{run.study.name}-{run.name.replace(' ', '-')}"):
        remove_unfinished(folder)
        model, about = load_trained(weights, device, remake)  # before the clips, which may take minutes
        split, part = run.evaluated
        clips = Clips(prepare(run.data), split, config.data, run.data.frame_size, part)
        training, evaluation = maker_of(about, weights), made_here(run.study, model.config, device)
        trained_in = Environment.of(training or evaluation)  # weights of an earlier version do not say where
        if about.get("train_key") != run.keys_in(trained_in)[0] or about.get("data_hash") != clips.data_hash:
            raise InputError(
                f"{weights} was trained with another configuration, source or data; train it again: "
                f"lcr train {run.options}"
            )
        trained = _training(folder, about["hash"], remake)  # before the work, too
        scores, pairs = score_clips(model, clips, config.protocol, device, config.data.workers)
        if not np.isfinite(scores).all():
            raise InputError(f"{weights}: its scores are not finite, so its weights are of no use; {remake}")
        protocol = config.protocol.model_dump() | {
            "frames": config.data.frames,
            "frame_size": clips.size,
            "stride": "random",  # T frames of a clip at random, in order: see lcr.data.sampling
            "views": config.protocol.views,
            "split": config.evaluate_on,
        }
        named = {
            "run": about["hash"],
            "protocol": json.dumps(protocol),
            "data_hash": clips.data_hash,
            "classes": json.dumps(list(clips.classes)),
        }
        record = RunRecord(
            study=run.study.name,
            dataset=run.dataset,
            variant=run.variant.name,
            seed=run.seed,
            run_hash=about["hash"],
            train_key=about["train_key"],
            evaluate_key=run.evaluate_key,
            config=config.model_dump() | {"model": model.config.model_dump(), "model_name": config.model},
            protocol=protocol,
            training=training,
            evaluation=evaluation,
            data_hash=clips.data_hash,
            clips={"train": about["train_clips"], "validation": len(clips)},
            **trained,
            peak_rss_gb=peak_resident_gb(),
            evaluate_seconds=time.monotonic() - began,
        )
        for name, table in (
            ("predictions.parquet", predictions_table(clips, scores, named)),
            ("temporal.parquet", temporal_table(clips, pairs, named)),
        ):
            write_sealed_parquet(folder / name, table)
        record.write(folder)  # last: it says that the others are whole
    return folder
