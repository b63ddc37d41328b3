"""Each seed's training draw, the tuning performers, and the statistics that normalise the frames."""

from pathlib import Path

import numpy as np
import pytest

from lcr.config.study import DataConfig, Protocol
from lcr.data.clips import Clips, train_batches, tuning_groups
from lcr.data.manifest import PERFORMERS, build_manifest, read_manifest
from lcr.util.errors import InputError

SIZE = 16


@pytest.fixture
def folder(jester_root: Path, tmp_path: Path) -> Path:
    """A manifest of nine training clips, three a class, by four performers."""
    (jester_root / PERFORMERS).write_text("".join(f"{number},person-{number % 4}\n" for number in range(1, 16)))
    build_manifest("jester", jester_root, progress=False).write(tmp_path / "manifest.parquet")
    return tmp_path


def clips_of(folder: Path, part: str = "all", split: str = "train") -> Clips:
    return Clips(folder, split, DataConfig(frames=6, pack=False), SIZE, part)


def test_a_draw_is_the_seeds_own_and_takes_the_share_of_each_class(folder):
    clips = clips_of(folder)
    draws = {seed: clips.drawn(seed, 2 / 3).tolist() for seed in range(8)}
    for seed, drawn in draws.items():
        assert drawn == sorted(set(drawn)) == clips_of(folder).drawn(seed, 2 / 3).tolist()
        assert np.bincount(clips.labels[drawn]).tolist() == [2, 2, 2]
    assert len({tuple(drawn) for drawn in draws.values()}) > 1
    assert clips.drawn(0, 1.0).tolist() == list(range(9))


def test_a_draw_keeps_a_clip_of_each_class_however_small_its_share(folder):
    clips = clips_of(folder)
    assert sorted(clips.labels[clips.drawn(0, 0.01)]) == [0, 1, 2]


def test_training_reads_each_drawn_clip_once_an_epoch_and_no_other(folder):
    clips = clips_of(folder)
    drawn = {clips.ids[clip] for clip in clips.drawn(5, 2 / 3)}
    options = {"batch_size": 2, "seed": 5, "draw_share": 2 / 3}
    batches = [batch.ids for batch in train_batches(clips, first_step=0, steps=6, **options)]
    for epoch in (batches[:3], batches[3:]):
        assert sorted(clip for ids in epoch for clip in ids) == sorted(drawn)
    assert [batch.ids for batch in train_batches(clips, first_step=4, steps=2, **options)] == batches[4:]


def test_no_performer_is_in_both_training_and_tuning(folder):
    group = {row["id"]: row["group"] for row in read_manifest(folder / "manifest.parquet").rows("train")}
    rest, tuning = (clips_of(folder, part).ids for part in ("rest", "tuning"))
    assert sorted(rest + tuning) == sorted(clips_of(folder).ids)
    people = [{group[clip] for clip in ids} for ids in (rest, tuning)]
    assert not people[0] & people[1]
    assert [len(one) for one in people] == [3, 1]


def test_the_tuning_performers_depend_on_nothing_but_the_performers_names():
    names = [f"person-{number}" for number in range(20)]
    assert len(tuning_groups(names)) == 5
    assert tuning_groups(names) == tuning_groups([*reversed(names), *names])


def test_a_pool_of_too_few_performers_to_tune_on_names_the_manifest(jester_root, tmp_path):
    (jester_root / PERFORMERS).write_text("".join(f"{number},alone\n" for number in range(1, 16)))
    build_manifest("jester", jester_root, progress=False).write(tmp_path / "manifest.parquet")
    with pytest.raises(InputError, match=r"manifest\.parquet"):
        clips_of(tmp_path, "tuning")


@pytest.mark.parametrize("part", ["all", "rest"])
def test_statistics_are_those_of_numpy_over_the_clips_that_are_trained_on(folder, part):
    clips = clips_of(folder, part)
    batch = clips.test_batch(np.arange(len(clips)), Protocol())
    values = np.concatenate([batch.frames.numpy() / 255, batch.edges.numpy()], axis=2)
    mean, std = clips.statistics()
    assert mean == pytest.approx(values.mean((0, 1, 3, 4)), abs=1e-12)
    assert std == pytest.approx(values.std((0, 1, 3, 4)), abs=1e-12)
    assert clips_of(folder, part).statistics() == (mean, std)


def test_a_channel_without_variance_is_divided_by_one(folder, monkeypatch):
    clips = clips_of(folder)
    batch = clips.test_batch(np.arange(2), Protocol())
    batch.frames.fill_(51)
    batch.edges.zero_()
    monkeypatch.setattr(clips, "test_batch", lambda *_: batch)
    assert clips.statistics() == ((0.2, 0.2, 0.2, 0.0), (1.0,) * 4)
