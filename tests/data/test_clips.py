"""Batches: equal however they are made, the same wherever a run resumes, and right about crops, flips and views."""

import os
import signal
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from lcr.config.study import DataConfig, Protocol
from lcr.data.clips import Batch, Clips, _batches, steps_per_epoch, train_batches
from lcr.data.clips import test_batches as batches_for_testing
from lcr.data.manifest import build_manifest, read_manifest
from lcr.data.pack import pack
from lcr.model.edges import edge_maps
from lcr.util.errors import InputError, RunFailed

SIZE = 16


@pytest.fixture(scope="module")
def place(media: Path, tmp_path_factory: pytest.TempPathFactory):
    """A folder with the manifest of a dataset, packed where the configuration says so."""

    def make(dataset: str, data: DataConfig) -> Path:
        folder = tmp_path_factory.mktemp("prepared")
        manifest = build_manifest(dataset, media / dataset, progress=False)
        manifest.write(folder / "manifest.parquet")
        if data.pack:
            pack(manifest, media / dataset, folder / "packed", data, SIZE, progress=False)
        return folder

    return make


def equal(first: Batch, second: Batch) -> bool:
    tensors = all(torch.equal(getattr(first, name), getattr(second, name)) for name in ("frames", "edges", "labels"))
    return tensors and first.ids == second.ids and first.views == second.views


KINDS = {
    "square": ("jester", {}),
    "square_swap": ("jester", {"flip": "swap"}),
    "short_side": ("something", {"resize": "short_side", "short_side": 20}),
    "short_side_swap": ("something", {"resize": "short_side", "short_side": 20, "flip": "swap"}),
}


@pytest.mark.parametrize("kind", KINDS)
def test_packed_batches_equal_decoded_ones_exactly(place, kind: str) -> None:
    dataset, options = KINDS[kind]
    packed, direct = (DataConfig(frames=12, pack=flag, **options) for flag in (True, False))
    for split in ("train", "validation"):
        first = Clips(place(dataset, packed), split, packed, SIZE)
        second = Clips(place(dataset, direct), split, direct, SIZE)
        options_of_training = {"batch_size": 3, "seed": 4, "first_step": 1, "steps": 5}
        for one, other in zip(
            train_batches(first, **options_of_training), train_batches(second, **options_of_training), strict=True
        ):
            assert equal(one, other)
        protocol = Protocol(crops=1 if "square" in kind else 3, clips=2)
        for one, other in zip(
            batches_for_testing(first, protocol, batch_size=2),
            batches_for_testing(second, protocol, batch_size=2),
            strict=True,
        ):
            assert equal(one, other)


@pytest.mark.parametrize("pack", [True, False])
def test_a_batch_has_the_promised_shapes_and_its_edges_are_those_of_its_frames(place, pack: bool) -> None:
    data = DataConfig(frames=12, pack=pack)
    (batch,) = train_batches(
        Clips(place("jester", data), "train", data, SIZE), batch_size=4, seed=0, first_step=0, steps=1
    )
    assert (batch.frames.shape, batch.frames.dtype) == ((4, 12, 3, SIZE, SIZE), torch.uint8)
    assert (batch.edges.shape, batch.edges.dtype) == ((4, 12, 1, SIZE, SIZE), torch.uint8)
    assert (batch.labels.dtype, len(batch.ids), batch.views) == (torch.int64, 4, 1)
    for frames, edges in zip(batch.frames.numpy(), batch.edges.numpy(), strict=True):
        assert np.array_equal(edges, edge_maps(frames))


@pytest.mark.parametrize("kind", ["square", "short_side_swap"])
@pytest.mark.parametrize("pack", [True, False])
def test_training_resumes_at_any_step_with_the_same_batches(place, kind: str, pack: bool) -> None:
    dataset, options = KINDS[kind]
    data = DataConfig(frames=12, pack=pack, **options)
    clips = Clips(place(dataset, data), "train", data, SIZE)
    straight = list(train_batches(clips, batch_size=2, seed=1, first_step=0, steps=9))
    for first in (1, 4, 8):
        resumed = list(train_batches(clips, batch_size=2, seed=1, first_step=first, steps=9 - first))
        assert all(equal(one, other) for one, other in zip(resumed, straight[first:], strict=True))


def test_processes_make_the_same_batches(place) -> None:
    data = DataConfig(frames=12, flip="swap")
    clips = Clips(place("jester", data), "train", data, SIZE)
    options = {"batch_size": 4, "seed": 0, "first_step": 1, "steps": 3}
    spread = list(train_batches(clips, **options, workers=2))
    assert all(equal(one, other) for one, other in zip(spread, train_batches(clips, **options), strict=True))


def test_what_is_wrong_in_a_loading_process_is_one_line(place) -> None:
    data = DataConfig(frames=12, flip="swap")
    folder = place("jester", data)
    clips = Clips(folder, "train", data, SIZE)
    clips._paths = [path / "gone" for path in clips._paths]
    batches = train_batches(clips, batch_size=4, seed=0, first_step=0, steps=3, workers=2)
    with pytest.raises(InputError) as refused:
        next(batches)
    assert "\n" not in str(refused.value)
    assert "cannot be read any more" in str(refused.value)


def _die(step: int) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_loading_process_that_dies_ends_the_run_with_what_to_do() -> None:
    with pytest.raises(RunFailed, match=r"a process that loads clips died.*give fewer data\.workers"):
        next(_batches(_die, range(3), workers=1))


def test_processes_load_clips_where_opencv_had_threads(place) -> None:
    data = DataConfig(frames=12, flip="swap")
    clips = Clips(place("jester", data), "train", data, SIZE)
    before, ring = cv2.getNumThreads(), signal.signal(signal.SIGALRM, signal.default_int_handler)
    cv2.setNumThreads(2)
    cv2.GaussianBlur(np.zeros((2000, 2000, 3), np.uint8), (31, 31), 5)  # starts them
    signal.alarm(60)
    try:
        assert next(train_batches(clips, batch_size=4, seed=0, first_step=0, steps=1, workers=1)).ids
    except KeyboardInterrupt:
        pytest.fail("the process that loads clips hangs")
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, ring)
        cv2.setNumThreads(before)


def test_an_epoch_meets_each_clip_at_most_once_and_epochs_and_seeds_differ(place) -> None:
    data = DataConfig(frames=12, pack=True)
    clips = Clips(place("jester", data), "train", data, SIZE)
    assert steps_per_epoch(len(clips), 2) == 4, "nine clips: four whole batches, the last clip waits"
    orders = []
    for seed in (0, 1):
        batches = list(train_batches(clips, batch_size=2, seed=seed, first_step=0, steps=8))
        for epoch in (batches[:4], batches[4:]):
            ids = [id_ for batch in epoch for id_ in batch.ids]
            assert len(set(ids)) == 8
            orders.append(tuple(ids))
    assert len(set(orders)) == 4


def test_another_epoch_takes_other_frames_of_a_clip(place) -> None:
    data = DataConfig(frames=4, pack=True)
    clips = Clips(place("jester", data), "train", data, SIZE)
    all_of = np.arange(len(clips))
    assert not torch.equal(clips.train_batch(all_of, 0, 0).frames, clips.train_batch(all_of, 0, 1).frames)


def test_a_split_smaller_than_a_batch_is_one_batch(place) -> None:
    data = DataConfig(frames=12, pack=True)
    clips = Clips(place("jester", data), "validation", data, SIZE)
    batches = list(train_batches(clips, batch_size=64, seed=0, first_step=0, steps=2))
    assert [sorted(batch.ids) for batch in batches] == [clips.ids] * 2


def test_testing_meets_every_clip_once_by_id_and_the_same_each_time(place) -> None:
    data = DataConfig(frames=12, pack=True)
    clips = Clips(place("jester", data), "validation", data, SIZE)
    once, again = (list(batches_for_testing(clips, Protocol(), batch_size=2)) for _ in range(2))
    assert [id_ for batch in once for id_ in batch.ids] == sorted(clips.ids)
    assert all(equal(one, other) for one, other in zip(once, again, strict=True))


def test_the_batch_size_of_testing_changes_nothing(place) -> None:
    data = DataConfig(frames=12, resize="short_side", short_side=20)
    clips = Clips(place("something", data), "validation", data, SIZE)
    protocol = Protocol(rule="mean_last_third", crops=3, clips=2)
    (whole,) = batches_for_testing(clips, protocol, batch_size=8)
    single = list(batches_for_testing(clips, protocol, batch_size=1))
    assert torch.equal(whole.frames, torch.cat([batch.frames for batch in single]))


def test_views_are_temporal_clips_and_in_each_three_crops_along_the_width(place) -> None:
    data = DataConfig(frames=4, resize="short_side", short_side=20)
    clips = Clips(place("something", data), "validation", data, SIZE)
    (batch,) = batches_for_testing(clips, Protocol(rule="mean_last_third", crops=3, clips=2), batch_size=8)
    assert batch.views == 6
    assert batch.frames.shape == (18, 4, 3, SIZE, SIZE)
    left, middle, right = batch.frames[:3]
    width = round(64 * 20 / 36)
    shift = (width - SIZE) // 2
    assert torch.equal(left[..., shift:], middle[..., : SIZE - shift]), "the same frames, further to the right"
    assert not torch.equal(left, right)
    assert not torch.equal(batch.frames[0], batch.frames[3]), "another temporal clip has other frames"


@pytest.mark.parametrize("flip", ["swap", "as_written"])
def test_a_flip_mirrors_the_frames_and_swaps_the_label_only_where_asked(place, flip: str) -> None:
    plain, flipped = DataConfig(frames=4, pack=True), DataConfig(frames=4, pack=True, flip=flip)
    one = Clips(place("jester", plain), "train", plain, SIZE)
    other = Clips(place("jester", flipped), "train", flipped, SIZE)
    mirrored = 0
    for epoch in range(4):
        straight, drawn = (clips.train_batch(np.arange(9), 0, epoch) for clips in (one, other))
        for at in range(9):
            label = int(straight.labels[at])
            if torch.equal(straight.frames[at], drawn.frames[at]):
                assert int(drawn.labels[at]) == label
                continue
            mirrored += 1
            assert torch.equal(straight.frames[at].flip(-1), drawn.frames[at])
            assert int(drawn.labels[at]) == ({0: 1, 1: 0, 2: 2}[label] if flip == "swap" else label)
    assert 8 < mirrored < 28, "about half of 36"


def test_a_label_that_cannot_swap_is_never_flipped(place) -> None:
    plain = DataConfig(frames=4, resize="short_side", short_side=16)
    swap = plain.model_copy(update={"flip": "swap"})
    one, other = (Clips(place("something", data), "train", data, SIZE) for data in (plain, swap))
    pushed = np.flatnonzero(one.labels == one.classes.index("Pushing something from left to right"))
    still = np.flatnonzero(one.labels == one.classes.index("Holding something"))

    def differs(at: np.ndarray) -> bool:
        return any(
            not torch.equal(one.train_batch(at, 0, epoch).frames, other.train_batch(at, 0, epoch).frames)
            for epoch in range(8)
        )

    assert not differs(pushed)
    assert differs(still)


def test_clips_know_their_classes_labels_hash_and_reverses(place) -> None:
    data = DataConfig(frames=4)
    folder = place("jester", data)
    clips = Clips(folder, "train", data, SIZE)
    assert clips.classes == ("Swiping Left", "Swiping Right", "Thumb Up")
    assert clips.ids == sorted(map(str, range(1, 10)))
    assert clips.labels.tolist() == [(int(id_) - 1) % 3 for id_ in clips.ids]
    assert clips.reverses == {0: 1, 1: 0}
    assert clips.data_hash == read_manifest(folder / "manifest.parquet").data_hash
    assert Clips(folder, "test", data, SIZE).labels.tolist() == [-1]


def test_unknown_and_empty_splits_are_refused(place) -> None:
    data = DataConfig(frames=4)
    folder = place("jester", data)
    with pytest.raises(InputError, match="unknown split 'tain'; did you mean 'train'"):
        Clips(folder, "tain", data, SIZE)


def test_unusable_clips_are_left_out_within_the_share_allowed(jester_root: Path, tmp_path: Path) -> None:
    (jester_root / "20bn-jester-v1/2/00001.jpg").unlink()
    build_manifest("jester", jester_root, progress=False).write(tmp_path / "manifest.parquet")
    allowed = Clips(tmp_path, "train", DataConfig(frames=4, max_unusable_share=0.1), SIZE)
    assert "2" not in allowed.ids
    assert len(allowed) == 8
    with pytest.raises(InputError, match=r"1 of 15 clips are unusable"):
        Clips(tmp_path, "train", DataConfig(frames=4), SIZE)
