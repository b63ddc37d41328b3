"""Resizing, cropping and mirroring."""

import numpy as np
import pytest

from lcr.config.study import DataConfig
from lcr.data.sampling import generator
from lcr.data.transforms import fit, fitting, flip, random_crop, view_crop
from lcr.util.errors import InputError


@pytest.mark.parametrize(("height", "width", "expected"), [(30, 60, (20, 40)), (60, 30, (40, 20)), (10, 11, (20, 22))])
def test_the_short_side_gets_its_length_and_the_long_one_follows(height: int, width: int, expected: tuple) -> None:
    assert fit(np.zeros((height, width, 3), np.uint8), resize="short_side", side=20).shape == (*expected, 3)


def test_square_frames_are_resized_straight() -> None:
    frame = np.zeros((10, 40, 3), np.uint8)
    frame[:, 20:] = 200
    small = fit(frame, resize="square", side=8)
    assert small.shape == (8, 8, 3)
    assert (small[:, :4] == 0).all()
    assert (small[:, 4:] == 200).all()


def test_three_crops_lie_along_the_longer_side_and_one_at_the_centre() -> None:
    assert [view_crop(20, 50, 16, crop, 3) for crop in range(3)] == [(2, 0), (2, 17), (2, 34)]
    assert [view_crop(50, 20, 16, crop, 3) for crop in range(3)] == [(0, 2), (17, 2), (34, 2)]
    assert view_crop(20, 50, 16, 0, 1) == (2, 17)


def test_random_crops_stay_inside_and_reach_the_borders() -> None:
    places = [random_crop(20, 24, 16, generator("crop", seed)) for seed in range(300)]
    assert {top for top, _ in places} == set(range(5))
    assert {left for _, left in places} == set(range(9))


def test_a_flip_mirrors_left_and_right() -> None:
    frames = np.arange(2 * 3 * 2 * 4, dtype=np.uint8).reshape(2, 3, 2, 4)
    assert np.array_equal(flip(frames)[..., 0], frames[..., 3])
    assert np.array_equal(flip(flip(frames)), frames)


def test_a_crop_larger_than_the_short_side_is_refused() -> None:
    with pytest.raises(InputError, match="short_side 40 is smaller than the model's frame size 48"):
        fitting(DataConfig(frames=4, resize="short_side", short_side=40), 48)
