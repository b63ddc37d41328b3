"""Batches of clips for a model: T frames of S×S and their edge maps.

Batch number n of a seed is the same whether the run came to it from the start or resumed there, whether the clips are
packed or decoded on the spot, and however many processes load them: the order is a permutation by (seed, epoch), every
other draw is by (seed, epoch, clip).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

import cv2
import numpy as np
import torch

from lcr.config.run import Part
from lcr.config.study import DataConfig, Protocol
from lcr.data.decode import read_frames
from lcr.data.formats.annotations import SPLITS
from lcr.data.labels import mirror_classes, reverse_classes
from lcr.data.manifest import media_root, read_manifest
from lcr.data.pack import Pack, caches_edges
from lcr.data.sampling import generator, sample_frames
from lcr.data.transforms import fitting, random_crop, view_crop
from lcr.model.config import Statistics
from lcr.model.edges import edge_maps
from lcr.util.errors import InputError, LCRError, RunFailed, unknown

STATISTICS_CLIPS = 256


def tuning_groups(groups: Sequence[str]) -> set[str]:
    """A quarter of the groups (performers), by a draw that depends on their names alone."""
    names = sorted(set(groups))
    order = generator("tuning").permutation(len(names))
    return {names[at] for at in order[: len(names) // 4]}


@dataclass
class Batch:
    """Clips for one step. In testing each clip has `views` rows in a row: temporal clips first, crops within them.

    Attributes:
        frames: (B·views, T, 3, S, S) uint8, RGB.
        edges: (B·views, T, 1, S, S) uint8 in {0, 1}.
        labels: (B,) int64, the class as seen after a flip; -1 without a label.
        ids: B names.
    """

    frames: torch.Tensor
    edges: torch.Tensor
    labels: torch.Tensor
    ids: list[str]
    views: int = 1


class Clips:
    """The usable clips of one split, by id.

    Args:
        folder: holds manifest.parquet and, where `data.pack` says so, packed/.
        split: train, validation or test.
        part: of the split's performers; see `lcr.config.run.Part`.
        size: S, the model's frame size.

    Attributes:
        classes: labels in the official order.
        ids: the clips' names, sorted.
        labels: (clips,) int64 class numbers, -1 without a label.
        data_hash: SHA-256 of the manifest's content.
        reverses: class number to that of its time reverse, where both are among the classes.

    Raises:
        InputError: more clips are unusable than the study allows, the split has none, or the pack is missing or stale.
    """

    def __init__(self, folder: str | Path, split: str, data: DataConfig, size: int, part: Part = "all") -> None:
        path = Path(folder) / "manifest.parquet"
        manifest = read_manifest(path)
        if split not in SPLITS:
            raise unknown("split", split, SPLITS)
        manifest.check_usable(data.max_unusable_share, str(path))
        rows = sorted(manifest.rows(split), key=lambda row: row["id"])
        if part != "all":
            apart = tuning_groups([row["group"] for row in rows])
            rows = [row for row in rows if (row["group"] in apart) == (part == "tuning")]
        if not rows:
            raise InputError(f"{path}: no usable clip in the {split} split{f', {part}' * (part != 'all')}")
        self.data, self.size, self.classes, self.data_hash = data, size, manifest.classes, manifest.data_hash
        self.reverses, self._mirror = reverse_classes(self.classes), mirror_classes(self.classes)
        self.ids: list[str] = [row["id"] for row in rows]
        number = {label: at for at, label in enumerate(self.classes)}
        self.labels = np.array([number[row["label"]] if row["label"] else -1 for row in rows], np.int64)
        self._frames = [row["frames"] for row in rows]
        root, self._fit = media_root(manifest, path), fitting(data, size)
        self._paths = [root / row["path"] for row in rows]
        self._pack = Pack(path.parent / "packed", manifest, data, size) if data.pack else None
        # whether a batch is gathered from the pack in one go, with its edge maps, which leaves processes no work
        self.whole_batches = data.pack and caches_edges(data)

    def __len__(self) -> int:
        return len(self.ids)

    def drawn(self, seed: int, share: float) -> np.ndarray:
        """Numbers of the clips that a seed trains on, ascending: a share of each class, at least one clip of each."""
        if share == 1:
            return np.arange(len(self))
        chosen = []
        for label in np.unique(self.labels):
            clips = np.flatnonzero(self.labels == label)
            order = generator("draw", seed, int(label)).permutation(len(clips))
            chosen.append(clips[order[: max(1, round(share * len(clips)))]])
        return np.sort(np.concatenate(chosen))

    def statistics(self) -> tuple[Statistics, Statistics]:
        """Mean and standard deviation of the red, green, blue and edge values in [0, 1], over at most 256 clips."""
        order = generator("statistics").permutation(len(self))[:STATISTICS_CLIPS]
        sums, squares, count = np.zeros(4, np.int64), np.zeros(4, np.int64), 0
        for start in range(0, len(order), 16):
            batch = self.test_batch(order[start : start + 16], Protocol())
            frames, edges = batch.frames.numpy(), batch.edges.numpy()
            for channel, values in enumerate((*frames.transpose(2, 0, 1, 3, 4), edges)):
                values = values.astype(np.int64)
                sums[channel] += values.sum()
                squares[channel] += (values * values).sum()
            count += edges.size
        scale = np.array([255, 255, 255, 1])
        mean = sums / count
        std = np.sqrt(np.maximum(squares / count - mean**2, 0))
        std = np.where(std > 0, std, scale)  # a constant channel is left as it is
        return tuple((mean / scale).tolist()), tuple((std / scale).tolist())

    def load(self, clip: int, numbers: np.ndarray) -> np.ndarray:
        """Frames of one clip, resized but not cropped: (T, 3, height, width) uint8."""
        if self._pack is not None:
            return self._pack.clip(self.ids[clip])[numbers]
        return read_frames(self._paths[clip], numbers, self._fit)

    def _crop(self, frames: np.ndarray, top: int, left: int) -> np.ndarray:
        return frames[..., top : top + self.size, left : left + self.size]

    def train_batch(self, clips: np.ndarray, seed: int, epoch: int) -> Batch:
        """The clips of one training step, sampled, cropped and flipped by (seed, epoch, id)."""
        randoms = [generator("clip", seed, epoch, self.ids[clip]) for clip in clips]
        numbers = np.stack(
            [
                sample_frames(self._frames[clip], self.data.frames, random)
                for clip, random in zip(clips, randoms, strict=True)
            ]
        )
        labels, ids = self.labels[clips], [self.ids[clip] for clip in clips]
        if self.whole_batches:
            return _batch(*self._pack.gather(ids, numbers), labels, ids)
        views = []
        for row, (clip, random) in enumerate(zip(clips, randoms, strict=True)):
            frames = self.load(clip, numbers[row])
            if self.data.resize == "short_side":
                frames = self._crop(frames, *random_crop(*frames.shape[-2:], self.size, random))
            if self.data.flip != "none" and random.random() < 0.5:
                mirrored = labels[row] if self.data.flip == "as_written" else self._mirror[labels[row]]
                if mirrored >= 0:
                    frames, labels[row] = frames[..., ::-1], mirrored
            views.append(frames)
        return _batch(np.stack(views), None, labels, ids)

    def test_batch(self, clips: np.ndarray, protocol: Protocol) -> Batch:
        """The views of some clips as the protocol wants them; the same at every call."""
        labels, ids = self.labels[clips], [self.ids[clip] for clip in clips]
        numbers = np.stack(
            [
                sample_frames(self._frames[clip], self.data.frames, generator("test", self.ids[clip], temporal))
                for clip in clips
                for temporal in range(protocol.clips)
            ]
        )
        if self.whole_batches:
            return _batch(*self._pack.gather(np.repeat(ids, protocol.clips), numbers), labels, ids, protocol.views)
        loaded = (self.load(clips[row // protocol.clips], taken) for row, taken in enumerate(numbers))
        views = [
            self._crop(frames, *view_crop(*frames.shape[-2:], self.size, crop, protocol.crops))
            for frames in loaded
            for crop in range(protocol.crops)
        ]
        return _batch(np.stack(views), None, labels, ids, protocol.views)


def _batch(frames: np.ndarray, edges: np.ndarray | None, labels: np.ndarray, ids: list[str], views: int = 1) -> Batch:
    edges = np.stack([edge_maps(view) for view in frames]) if edges is None else edges
    return Batch(torch.from_numpy(frames), torch.from_numpy(edges), torch.from_numpy(labels), ids, views)


def steps_per_epoch(clips: int, batch_size: int) -> int:
    """Steps an epoch: whole batches only, or a single smaller one if there are fewer clips than a batch holds."""
    return max(1, clips // batch_size)


@dataclass
class _Steps(torch.utils.data.Dataset):
    """Batch number n as an item, so that a DataLoader's processes make whole batches."""

    make: Callable[[int], Batch]

    def __getitem__(self, step: int) -> Batch | LCRError:
        try:
            return self.make(step)
        except LCRError as error:  # raised here, it would reach the parent with a traceback for its message
            return error


@lru_cache(maxsize=2)
def _order(clips: int, seed: int, epoch: int) -> np.ndarray:
    return generator("order", seed, epoch).permutation(clips)


def _train_step(clips: Clips, batch_size: int, seed: int, drawn: np.ndarray, step: int) -> Batch:
    epoch, at = divmod(step, steps_per_epoch(len(drawn), batch_size))
    order = drawn[_order(len(drawn), seed, epoch)]
    return clips.train_batch(order[at * batch_size : (at + 1) * batch_size], seed, epoch)


def _test_step(clips: Clips, protocol: Protocol, batch_size: int, step: int) -> Batch:
    return clips.test_batch(np.arange(step * batch_size, min((step + 1) * batch_size, len(clips))), protocol)


def _batches(make: Callable[[int], Batch], steps: range, workers: int) -> Iterator[Batch]:
    if not workers:
        yield from map(make, steps)
        return
    # here and not in the processes: one forked from a process with OpenCV's threads would wait for them for ever
    cv2.setNumThreads(1)
    loader = torch.utils.data.DataLoader(_Steps(make), batch_size=None, sampler=steps, num_workers=workers)
    try:
        for batch in loader:
            if isinstance(batch, LCRError):
                raise batch
            yield batch
    except RuntimeError as error:
        if "DataLoader worker" not in str(error):
            raise
        raise RunFailed(
            "a process that loads clips died, perhaps for want of memory or room in /dev/shm; give fewer data.workers"
        ) from error


def train_batches(
    clips: Clips,
    *,
    batch_size: int,
    seed: int,
    first_step: int,
    steps: int,
    draw_share: float = 1.0,
    workers: int = 0,
) -> Iterator[Batch]:
    """Batches number `first_step` to `first_step + steps - 1` of a training with this seed.

    An epoch's last batch is left out if it is not full, unless the split is smaller than a batch.

    Args:
        draw_share: of `Clips.drawn`.
        workers: processes that load unpacked clips; packed ones need none, and get none.
    """
    make = partial(_train_step, clips, batch_size, seed, clips.drawn(seed, draw_share))
    return _batches(make, range(first_step, first_step + steps), 0 if clips.whole_batches else workers)


def test_batches(clips: Clips, protocol: Protocol, *, batch_size: int, workers: int = 0) -> Iterator[Batch]:  # noqa: PT028
    """All clips by id, `batch_size` of them at a time, each with the protocol's views."""
    make = partial(_test_step, clips, protocol, batch_size)
    return _batches(make, range(-(-len(clips) // batch_size)), 0 if clips.whole_batches else workers)


test_batches.__test__ = False  # not a test, whatever its name
