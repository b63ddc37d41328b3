"""Predictions of a trained model on one video: by the protocol of its evaluation, or frame by frame as a stream."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import numpy as np
import torch
from torch import nn

from lcr.config.record import NAME, RunRecord, command_of
from lcr.config.study import MAX_PIXELS, DataConfig, Protocol
from lcr.data.decode import each_frame, is_video, probe, read_frames
from lcr.data.sampling import generator, sample_frames
from lcr.data.transforms import fitting, view_crop
from lcr.model.edges import edge_maps
from lcr.run.evaluate import load_trained
from lcr.run.protocol import predict
from lcr.util.errors import InputError
from lcr.util.images import decodable, file_bytes
from lcr.util.schema import parse


@dataclass(frozen=True)
class Trained:
    """A tested run: its folder, model and classes, and how clips were prepared and predicted."""

    folder: Path
    model: nn.Module
    classes: list[str]
    data: DataConfig
    protocol: Protocol


def load_run(folder: Path) -> Trained:
    """The run in a folder such as results/tiny/jester-fixture/full/seed-0.

    Raises:
        InputError: the folder holds no tested run, or its weights are damaged.
    """
    try:
        record = RunRecord.read(folder)
    except FileNotFoundError:
        raise InputError(f"{folder} holds no evaluated run; make one with `lcr train` and `lcr evaluate`") from None
    model, about = load_trained(folder / "model.safetensors", torch.device("cpu"))
    if about["hash"] != record.run_hash:
        raise InputError(f"{folder}: these are not the weights that run.json tells of; test them with `lcr evaluate`")
    where = f"{folder / NAME}: config"
    data, protocol = (record.config.get(name) for name in ("data", "protocol"))
    return Trained(folder, model, about["classes"], parse(DataConfig, data, where), parse(Protocol, protocol, where))


def count_frames(video: Path) -> int:
    """How many frames a video file, or a folder of numbered JPEG files, has.

    Raises:
        InputError: it cannot be used; says why.
    """
    if video.is_file() and not is_video(video):
        raise InputError(f"{video} is no .webm or .mp4 file, nor a folder of 00001.jpg …")
    found = probe(video)
    if found.status != "ok":
        raise InputError(
            f"{video}: {found.status} ({found.why}); a .webm or .mp4 file, or a folder of 00001.jpg … is read"
        )
    return found.frames


def scores(run: Trained, video: Path) -> np.ndarray:
    """Class scores of the whole clip by the run's own protocol, views fused: (classes,).

    Raises:
        InputError: the video cannot be used, or the scores are not finite.
    """
    frames, protocol, size = count_frames(video), run.protocol, run.model.config.frame_size
    views = []
    for temporal in range(protocol.clips):
        numbers = sample_frames(frames, run.data.frames, generator("test", video.stem, temporal))
        clip = read_frames(video, numbers, fitting(run.data, size))
        views += [_crop(clip, size, crop, protocol.crops) for crop in range(protocol.crops)]
    frames_in = torch.from_numpy(np.stack(views)).float().div_(255)
    edges = torch.from_numpy(np.stack([edge_maps(view) for view in views])).float()
    return _finite(run, predict(run.model, frames_in, edges, protocol, protocol.views)[0])


def live_frames(video: Path, fit: Callable[[np.ndarray], np.ndarray]) -> Iterator[np.ndarray]:
    """The frames of a video as they are decoded, none read ahead: (3, H', W') uint8, RGB; fit: as of `read_frames`.

    Raises:
        InputError: no frame can be decoded, or one of a folder cannot, or claims more pixels than a clip may have.
    """
    frames = each_frame(video, count(), fit)
    for number in count():
        file = video / f"{number + 1:05d}.jpg"
        try:
            if not is_video(video) and file.is_file():
                decodable(file_bytes(file), file.name, MAX_PIXELS)
            yield next(frames)
        except (InputError, OSError) as error:
            if number == 0:
                count_frames(video)  # says why
            if number == 0 or file.exists():
                raise InputError(f"{video}: frame {number + 1} cannot be decoded: {error}") from error
            return  # how many frames a video has is known at its end


@torch.no_grad()
def stream(run: Trained, video: Path) -> Iterator[tuple[int, np.ndarray, float]]:
    """Frame by frame in constant memory: number, class probabilities (classes,), seconds that the model took.

    Raises:
        InputError: the method gives no logits of each frame, the video cannot be used, or the probabilities are not
            finite.
    """
    if not hasattr(run.model, "step"):
        raise InputError(f"{run.folder}: its method reads whole clips; predict without --stream")
    size, state = run.model.config.frame_size, None
    for number, image in enumerate(live_frames(video, fitting(run.data, size))):
        frame = _crop(image[None], size, 0, 1)
        began = time.perf_counter()
        edge = torch.from_numpy(edge_maps(frame)).float()
        logits, state = run.model.step(torch.from_numpy(frame).float() / 255, state, edge)
        yield number, _finite(run, logits[0].softmax(-1)), time.perf_counter() - began


def _finite(run: Trained, scores: torch.Tensor) -> np.ndarray:
    if not torch.isfinite(scores).all():
        why = f"{run.folder}: the model's scores are not finite, so its weights are of no use"
        raise InputError(f"{why}; train it again: {command_of(run.folder, 'train', '--force')}")
    return scores.numpy()


def _crop(frames: np.ndarray, size: int, crop: int, crops: int) -> np.ndarray:
    top, left = view_crop(*frames.shape[-2:], size, crop, crops)
    return np.ascontiguousarray(frames[..., top : top + size, left : left + size])
