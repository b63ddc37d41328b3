"""The search's counts are the model's; its ranking is that of going through the combinations one by one."""

from itertools import product

import numpy as np
import pytest
import torch

from lcr.cost import counted, space
from lcr.cost.parts import Count
from lcr.cost.search import WITHIN, Search, bound, errors, fits_by_answer
from lcr.cost.space import Sizes, accountings
from lcr.cost.table1 import table1
from lcr.model import LCR
from lcr.model.config import Readings
from lcr.model.tube_mask import kept_patches
from lcr.study.tables.registry import TABLES
from lcr.study.tables.search import axes_rows, search_rows, summary
from tests.cost import test_vrwkv6 as vrwkv6

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def found():
    return Search()


def test_a_random_sample_of_combinations_counts_as_the_real_model_does(found):
    rng = np.random.default_rng(0)
    possible = [[i for i, entry in enumerate(block) if entry.change is not None] for block in found.entries]
    for _ in range(8):
        index = tuple(int(rng.choice(some)) for some in possible)  # the model has a reading for each entry
        change = {
            key: value for block, i in zip(found.entries, index, strict=True) for key, value in block[i].change.items()
        }
        count = found.count(index)
        macs = count.multiply_adds(found.sizes.patches, 32)
        for number, row in enumerate(found.rows):
            config = row.config.model_copy(update={"readings": Readings(**change)})
            assert counted(config, 32) == (count.params[number], macs[number])
            if config.readings.decay == "static":
                with torch.device("meta"):
                    model = LCR(config)
                assert sum(p.numel() for p in model.parameters()) == count.params[number]


def test_the_first_combination_is_the_reading_used_here(found):
    count = found.count(found.default)
    assert [counted(row.config, 32) for row in found.rows] == list(
        zip(count.params, count.multiply_adds(found.sizes.patches, 32), strict=True)
    )
    assert found.departures[found.default] == 0
    way = accountings()[0]
    assert (way.frames, way.dropped, way.unit) == (32, 0.0, "FLOPs")
    assert (way.flops(count, found.sizes) == 2 * count.multiply_adds(found.sizes.patches, 32)).all()


def test_low_rank_mixes_and_decay_are_vrwkv6s(found):
    """No built model has these entries; VRWKV6's layer out of them has its published count."""
    sizes = found.sizes

    def count(block, **answers):
        return next(one for one in block.entries(sizes) if answers.items() <= one.answers.items()).count

    whole = count(space.SPATIAL, mixes="low rank 32", decay="low rank 64") + count(
        space.CHANNEL, **{"channel mix": "two mixes (VRWKV6)"}
    )
    expected = vrwkv6.layer(sizes.c) * sizes.depth
    assert (whole.params == expected.params).all()
    assert ((whole.token == expected.token) == (sizes.d == vrwkv6.HEAD_WIDTH)).all()  # in the rows of 768


def test_ranking_equals_going_through_a_small_space_one_by_one():
    blocks = (space.EMBEDDINGS, space.POSITIONS, space.CHANNEL)
    found, rows, ways = Search(blocks=blocks), table1(), accountings()
    for index in product(*map(range, found.shape)):
        count = found.count(index)
        assert errors(count.params / 1e6, [row.params_m for row in rows]) == tuple(part[index] for part in found.params)
        flops = [errors(way.flops(count, found.sizes) / 1e12, [row.flops_t for row in rows]) for way in ways]
        assert min(one.worst for one in flops) == found.flops.worst[index] == flops[found.accounting[index]].worst
        assert max(one.alike for one in flops) == found.most_alike[index]


def test_the_best_reading_is_within_two_percent_of_every_parameter_count_and_none_prints_all_alike(found):
    best = found.best(found.params.worst)
    assert found.params.worst[best] <= WITHIN
    assert found.params.worst[best] < found.params.worst[found.default]
    assert found.params.alike.max() < 6
    assert found.most_alike.max() < 6


def test_errors_are_relative_and_rows_print_alike_up_to_half_of_the_last_digit():
    rows = table1()
    assert (rows[0].params_m, rows[0].flops_t) == ((0.82, 0.005), (0.003, 0.0005))
    off = errors(np.array([0.8249, 5.14, 9.97, 37.62, 74.62, 113.8626]), [row.params_m for row in rows])
    assert (off.worst, (off.row, off.alike)) == (pytest.approx(2.0), (5, 5))


def test_tokens_dropped_at_inference_are_those_of_a_tube_mask(found):
    for way in accountings():
        if way.operator == "Bi-WKV in chunk form":
            expected = space.UNITS[way.unit] * way.frames * kept_patches(196, way.dropped)
            assert (way.flops(Count(patch=1), found.sizes) == expected).all()


def test_every_answer_is_shown_with_the_best_that_it_can_reach(found):
    fits = fits_by_answer(found)
    for axis in dict.fromkeys(fit["axis"] for fit in fits):
        own = [fit for fit in fits if fit["axis"] == axis]
        assert min(fit["flops_worst_pct"] for fit in own) == pytest.approx(found.flops.worst.min())
        if axis not in space.ACCOUNTING:
            assert min(fit["params_worst_pct"] for fit in own) == found.params.worst.min()
            assert sum(fit["within_2_pct"] for fit in own) == (found.params.worst <= WITHIN).sum()


def test_free_coefficients_bound_what_any_reading_in_proportion_to_the_width_can_reach():
    rows, sizes = table1(), Sizes.of(table1())

    def worst(layer, around):
        return errors(
            ((15 * sizes.c**2 + layer * sizes.c) * sizes.depth + around * sizes.c) / 1e6, [r.params_m for r in rows]
        ).worst

    free = bound()
    assert worst(free.layer, free.around) == pytest.approx(free.worst, rel=1e-6)
    for layer, around in ((526, 800), (free.layer + 1, free.around), (free.layer, free.around - 5)):
        assert worst(layer, around) > free.worst
    assert worst(526, 800) == pytest.approx(1.5, abs=0.05)
    assert bound(in_half_digits=True).worst > 1, "no such form prints all six rows alike"


def test_rows_show_the_default_unhidden_and_every_ranking_from_its_best(found):
    frame = TABLES["reading_search"].frame(search_rows("made-up", found))
    assert frame.ranking[0] == "default"
    for name in ("params", "flops", "both", "simplest"):
        assert frame["rank"][frame.ranking == name].tolist() == list(range(1, 11))
    assert frame.params_worst_pct[1] == pytest.approx(found.params.worst.min())
    assert len(TABLES["reading_search_axes"].frame(axes_rows("made-up", found))) == len(fits_by_answer(found))
    assert f"{frame.params_worst_pct[0]:.3f}%" in summary(found)
