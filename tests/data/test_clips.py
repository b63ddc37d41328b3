"""Batches: equal however they are made, the same wherever a run resumes, and right about crops, flips and views."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from lcr.config.study import DataConfig, Protocol
from lcr.data.clips import Batch, Clips, _batches, steps_per_epoch, train_batches
from lcr.data.clips import test_batches as batches_for_testing
from lcr.data.manifest import build_manifest
from lcr.data.pack import pack
from lcr.model.edges import edge_maps
from lcr.util.errors import InputError, RunFailed

SIZE = 16
SHORT = {"resize": "short_side", "short_side": 20}


@pytest.fixture(scope="module")
def make(media: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Clips]:
    """Clips of a dataset, packed where the options of its configuration say so."""

    def clips(dataset: str = "jester", split: str = "train", *, frames: int = 12, **options) -> Clips:
        folder = tmp_path_factory.mktemp("prepared")
        data = DataConfig(frames=frames, **options)
        manifest = build_manifest(dataset, media / dataset, progress=False)
        manifest.write(folder / "manifest.parquet")
        if data.pack:
            pack(manifest, media / dataset, folder / "packed", data, SIZE, progress=False)
        return Clips(folder, split, data, SIZE)

    return clips


def training(clips: Clips, size: int, first: int = 0, steps: int = 1, seed: int = 0, **options) -> list[Batch]:
    return list(train_batches(clips, batch_size=size, seed=seed, first_step=first, steps=steps, **options))


def evaluated(of: Clips, size: int, **protocol) -> list[Batch]:
    return list(batches_for_testing(of, Protocol(**protocol), batch_size=size))


def assert_equal(first: list[Batch], second: list[Batch]) -> None:
    for one, other in zip(first, second, strict=True):
        for name in ("frames", "edges", "labels"):
            assert torch.equal(getattr(one, name), getattr(other, name))
        assert (one.ids, one.views) == (other.ids, other.views)


KINDS = {
    "square": ("jester", {}),
    "square_swap": ("jester", {"flip": "swap"}),
    "short_side": ("something", SHORT),
    "short_side_swap": ("something", SHORT | {"flip": "swap"}),
}


@pytest.mark.parametrize("kind", KINDS)
def test_packed_batches_equal_decoded_ones_and_resume_at_any_step(make, kind: str) -> None:
    dataset, options = KINDS[kind]
    for split in ("train", "validation"):
        packed, direct = (make(dataset, split, pack=flag, **options) for flag in (True, False))
        straight = training(packed, 2, steps=7, seed=4)
        assert_equal(straight, training(direct, 2, steps=7, seed=4))
        for clips, first in ((packed, 1), (packed, 6), (direct, 1), (direct, 6)):
            assert_equal(straight[first:], training(clips, 2, first, 7 - first, seed=4))
        crops = 1 if "square" in kind else 3
        assert_equal(evaluated(packed, 2, crops=crops, clips=2), evaluated(direct, 2, crops=crops, clips=2))


@pytest.mark.parametrize("pack", [True, False])
def test_a_batch_has_the_promised_shapes_and_its_edges_are_those_of_its_frames(make, pack: bool) -> None:
    (batch,) = training(make(pack=pack), 4)
    assert (batch.frames.shape, batch.frames.dtype) == ((4, 12, 3, SIZE, SIZE), torch.uint8)
    assert (batch.edges.shape, batch.edges.dtype) == ((4, 12, 1, SIZE, SIZE), torch.uint8)
    assert (batch.labels.dtype, len(batch.ids), batch.views) == (torch.int64, 4, 1)
    for frames, edges in zip(batch.frames.numpy(), batch.edges.numpy(), strict=True):
        assert np.array_equal(edges, edge_maps(frames))


def test_processes_make_the_same_batches_and_hand_errors_on(make) -> None:
    clips = make(flip="swap")
    assert_equal(training(clips, 4, 1, 3, workers=2), training(clips, 4, 1, 3))
    clips._paths = [path / "gone" for path in clips._paths]
    with pytest.raises(InputError, match=r"^[^\n]*gone[^\n]*$"):
        training(clips, 4, steps=3, workers=2)


def test_a_loading_process_that_dies_ends_the_run_with_the_setting_to_change() -> None:
    with pytest.raises(RunFailed, match=r"data\.workers"):
        next(_batches(lambda step: os.kill(os.getpid(), signal.SIGKILL), range(3), workers=1))
    with pytest.raises(ZeroDivisionError):
        next(_batches(lambda step: 1 / 0, range(3), workers=1))


def test_processes_load_clips_where_opencv_had_threads(make) -> None:
    before, ring = cv2.getNumThreads(), signal.signal(signal.SIGALRM, signal.default_int_handler)
    cv2.setNumThreads(2)
    cv2.GaussianBlur(np.zeros((2000, 2000, 3), np.uint8), (31, 31), 5)  # starts them
    signal.alarm(60)
    try:
        assert training(make(flip="swap"), 4, workers=1)[0].ids
    except KeyboardInterrupt:
        pytest.fail("the process that loads clips hangs")
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, ring)
        cv2.setNumThreads(before)


def test_an_epoch_meets_each_clip_at_most_once_and_epochs_and_seeds_differ(make) -> None:
    clips = make(frames=4, pack=True)
    assert steps_per_epoch(len(clips), 2) == 4, "nine clips: four whole batches, the last clip waits"
    batches = [training(clips, 2, first, 4, seed=seed) for seed in (0, 1) for first in (0, 4)]
    orders = {tuple(id_ for batch in epoch for id_ in batch.ids) for epoch in batches}
    assert [len(set(order)) for order in orders] == [8] * 4
    whole = training(clips, 64, steps=2)
    assert [sorted(batch.ids) for batch in whole] == [clips.ids] * 2, "a split smaller than a batch is one batch"
    first, second = (clips.train_batch(np.arange(9), 0, epoch).frames for epoch in (0, 1))
    assert not torch.equal(first, second), "another epoch takes other frames"


def test_testing_meets_every_clip_once_by_id_whatever_the_batch_size(make) -> None:
    for clips, protocol in (
        (make(split="validation", pack=True), {}),
        (make("something", "validation", **SHORT), {"rule": "mean_last_third", "crops": 3, "clips": 2}),
    ):
        (whole,), single = evaluated(clips, 8, **protocol), evaluated(clips, 1, **protocol)
        assert whole.ids == [id_ for batch in single for id_ in batch.ids] == sorted(clips.ids)
        assert torch.equal(whole.frames, torch.cat([batch.frames for batch in single]))


def test_views_are_temporal_clips_and_in_each_three_crops_along_the_width(make) -> None:
    (batch,) = evaluated(
        make("something", "validation", frames=4, **SHORT), 8, rule="mean_last_third", crops=3, clips=2
    )
    assert (batch.views, batch.frames.shape) == (6, (18, 4, 3, SIZE, SIZE))
    left, middle, right = batch.frames[:3]
    shift = (round(64 * 20 / 36) - SIZE) // 2
    assert torch.equal(left[..., shift:], middle[..., : SIZE - shift]), "the same frames, further to the right"
    assert not any(torch.equal(left, other) for other in (right, batch.frames[3])), "another temporal clip differs"


@pytest.mark.parametrize("flip", ["swap", "as_written"])
def test_a_flip_mirrors_the_frames_and_swaps_the_label_only_where_asked(make, flip: str) -> None:
    plain, flipped = make(frames=4, pack=True), make(frames=4, pack=True, flip=flip)
    mirrored = 0
    for epoch in range(4):
        straight, drawn = (clips.train_batch(np.arange(9), 0, epoch) for clips in (plain, flipped))
        for at, label in enumerate(straight.labels.tolist()):
            same = torch.equal(straight.frames[at], drawn.frames[at])
            mirrored += not same
            assert same or torch.equal(straight.frames[at].flip(-1), drawn.frames[at])
            assert int(drawn.labels[at]) == (label if same or flip == "as_written" else (1, 0, 2)[label])
    assert 8 < mirrored < 28, "about half of 36"


def test_a_label_that_cannot_swap_is_never_flipped(make) -> None:
    options = {"frames": 4, "resize": "short_side", "short_side": 16}
    plain, swap = make("something", **options), make("something", flip="swap", **options)

    def differs(label: str) -> bool:
        at = np.flatnonzero(plain.labels == plain.classes.index(label))
        pairs = [[clips.train_batch(at, 0, epoch).frames for clips in (plain, swap)] for epoch in range(8)]
        return not all(torch.equal(*pair) for pair in pairs)

    assert [differs(label) for label in ("Pushing something from left to right", "Holding something")] == [False, True]


def test_clips_know_their_classes_labels_hash_and_reverses(make, media: Path) -> None:
    clips = make()
    assert (clips.classes, clips.reverses) == (("Swiping Left", "Swiping Right", "Thumb Up"), {0: 1, 1: 0})
    assert clips.ids == sorted(map(str, range(1, 10)))
    assert clips.labels.tolist() == [(int(id_) - 1) % 3 for id_ in clips.ids]
    assert clips.data_hash == build_manifest("jester", media / "jester", progress=False).data_hash
    assert make(split="test").labels.tolist() == [-1]


def test_unusable_clips_are_left_out_within_the_share_allowed_and_empty_splits_refused(jester_root, tmp_path) -> None:
    (jester_root / "20bn-jester-v1/2/00001.jpg").unlink()
    (jester_root / "jester-v1-test.csv").unlink()
    build_manifest("jester", jester_root, progress=False).write(tmp_path / "manifest.parquet")
    allowed = Clips(tmp_path, "train", DataConfig(frames=4, max_unusable_share=0.1), SIZE)
    assert allowed.ids == ["1", *map(str, range(3, 10))]
    for split, share, named in (("tain", 1, "'train'"), ("test", 1, "test"), ("train", 0, "1 of 14")):
        with pytest.raises(InputError, match=named):
            Clips(tmp_path, split, DataConfig(frames=4, max_unusable_share=share), SIZE)
