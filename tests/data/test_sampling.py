"""Which frames are taken."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lcr.data.sampling import generator, sample_frames


@given(frames=st.integers(1, 80), count=st.integers(1, 64), seed=st.integers(0, 1000))
def test_samples_are_in_order_and_short_clips_keep_every_frame(frames: int, count: int, seed: int) -> None:
    taken = sample_frames(frames, count, generator("test", seed))
    assert len(taken) == count
    assert (np.diff(taken) >= (1 if frames >= count else 0)).all()
    assert taken.min() >= 0
    assert taken.max() < frames
    if frames <= count:
        assert set(taken) == set(range(frames))


def test_the_frames_duplicated_and_dropped_are_random() -> None:
    for frames in (5, 40):
        draws = {tuple(sample_frames(frames, 12, generator("test", seed))) for seed in range(30)}
        assert len(draws) > 20


def test_all_frames_of_a_long_clip_are_equally_likely() -> None:
    counts = np.zeros(20)
    for seed in range(2000):
        counts[sample_frames(20, 5, generator("even", seed))] += 1
    assert abs(counts / 500 - 1).max() < 0.25


def test_a_draw_depends_on_its_purpose_alone() -> None:
    assert generator("clip", 0, 1, "7").random() == generator("clip", 0, 1, "7").random()
    draws = {generator(*purpose).random() for purpose in [("a", 1, 23), ("a", 12, 3), ("b", 1, 23), ("a", 1, 24)]}
    assert len(draws) == 4
