"""Sampling, resizing and cropping of a clip's frames."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lcr.config.study import DataConfig
from lcr.data.sampling import generator, sample_frames
from lcr.data.transforms import fit, fitting, random_crop, view_crop
from lcr.util.errors import InputError


@given(frames=st.integers(1, 80), count=st.integers(1, 64), seed=st.integers(0, 1000))
def test_samples_are_in_order_and_short_clips_keep_every_frame(frames: int, count: int, seed: int) -> None:
    taken = sample_frames(frames, count, generator("test", seed))
    assert (len(taken), frames > count or set(taken) == set(range(frames))) == (count, True)
    assert (np.diff(taken) >= (1 if frames >= count else 0)).all()
    assert set(taken) <= set(range(frames))


def test_the_frames_duplicated_and_dropped_are_random_and_equally_likely() -> None:
    for frames in (5, 40):
        assert len({tuple(sample_frames(frames, 12, generator("test", seed))) for seed in range(30)}) > 20
    counts = np.bincount(np.concatenate([sample_frames(20, 5, generator("even", seed)) for seed in range(2000)]))
    assert abs(counts / 500 - 1).max() < 0.25


def test_a_draw_depends_on_its_purpose_alone() -> None:
    purposes = [("a", 1, 23), ("a", 12, 3), ("b", 1, 23), ("a", 1, 24)]
    assert len({generator(*purpose).random() for purpose in purposes * 2}) == 4


def test_frames_are_resized_straight_or_by_their_short_side_and_stay_where_the_size_is_right() -> None:
    for shape, expected in (((30, 60, 3), (20, 40, 3)), ((60, 30, 3), (40, 20, 3)), ((10, 11, 3), (20, 22, 3))):
        assert fit(np.zeros(shape, np.uint8), resize="short_side", side=20).shape == expected
    frame = np.repeat(np.uint8([0, 200]), 20)[None, :, None].repeat(10, 0).repeat(3, 2)
    assert np.array_equal(fit(frame, resize="square", side=8)[..., 0], [[0] * 4 + [200] * 4] * 8)
    noise = np.random.default_rng(0).integers(0, 256, (8, 12, 3), np.uint8)
    assert np.array_equal(fit(noise, resize="short_side", side=8), noise)


def test_crops_lie_along_the_longer_side_at_the_centre_or_anywhere_inside() -> None:
    assert [view_crop(20, 50, 16, crop, 3) for crop in range(3)] == [(2, 0), (2, 17), (2, 34)]
    assert [view_crop(50, 20, 16, crop, 3) for crop in range(3)] == [(0, 2), (17, 2), (34, 2)]
    assert view_crop(20, 50, 16, 0, 1) == (2, 17)
    crops = [random_crop(20, 24, 16, generator("crop", seed)) for seed in range(300)]
    assert [set(range) for range in zip(*crops, strict=True)] == [set(range(5)), set(range(9))]


def test_a_crop_larger_than_the_short_side_is_refused() -> None:
    with pytest.raises(InputError, match=r"short_side 40 .*48"):
        fitting(DataConfig(frames=4, resize="short_side", short_side=40), 48)
