"""Claims about growth: the exponent is found again, each verdict can be reached, and a file that is not there decides
nothing."""

import pytest

from lcr.study.claims import growth
from lcr.study.claims.claim import Growth
from lcr.study.claims.growth import exponent, growth_cells, read_costs
from lcr.util.errors import InputError

VALUES = (8, 16, 32, 64, 96, 128)
LINEAR = Growth(axis="frames", column="seconds", statement="linear")
LEAST = Growth(axis="frames", column="peak_bytes", statement="least")


def costs(power: float, overhead: float = 0.0, noise: float = 0.0) -> list[tuple[float, float]]:
    signs = (1, -1, 1, -1, 1, -1)
    return [(value, (overhead + value**power) * (1 + sign * noise)) for value, sign in zip(VALUES, signs, strict=True)]


@pytest.mark.parametrize("power", [0.5, 1.0, 2.0])
def test_the_exponent_of_a_power_is_found_and_its_interval_holds_it_under_noise(power):
    assert exponent(costs(power)).p == pytest.approx(power)
    found = exponent(costs(power, noise=0.02))
    assert found.low < power < found.high
    assert exponent(costs(power, noise=0.04)).high > found.high


def test_the_lower_half_where_fixed_costs_weigh_most_is_left_out():
    assert exponent([(1, 500.0), (2, 500.0), (4, 500.0), *costs(1.0)[3:]]).p == pytest.approx(1)


@pytest.mark.parametrize(
    ("points", "verdict"),
    [
        (costs(1.0), "supported"),
        (costs(2.0), "contradicted"),
        (costs(1.0, noise=0.2), "inconclusive"),
        (costs(1.0, overhead=1000.0), "inconclusive"),
        (costs(1.0)[:4], "untested"),  # two points give no interval
    ],
)
def test_linear_time_is_decided_by_the_exponent(points, verdict):
    cells = growth_cells(LINEAR, {"lcr": points, "attention": costs(2.0)})
    assert cells["verdict"] == verdict
    assert cells["why"]


@pytest.mark.parametrize(
    ("own", "others", "verdict"),
    [(1.0, (2.0, 3.0), "supported"), (4.0, (2.0, 3.0), "contradicted"), (2.5, (2.0, 3.0), "inconclusive")],
)
def test_less_memory_is_decided_at_the_largest_value_that_all_systems_have(own, others, verdict):
    one, other = others
    found = {"lcr": [(8, 9.0), (16, own), (32, 0.1)], "attention": [(8, 1.0), (16, one)], "cnn3d": [(16, other)]}
    assert growth_cells(LEAST, found)["verdict"] == verdict


def test_a_file_or_a_system_that_is_not_there_leaves_the_claims_untested(tmp_path):
    assert read_costs("frames", "seconds", tmp_path / "growth.csv") == {}
    for found in ({}, {"lcr": costs(1.0)}, {"lcr": [(8, 1.0)], "attention": [(16, 1.0)]}):
        assert growth_cells(LEAST, found)["verdict"] == "untested"


def test_the_file_is_read_by_axis_and_column_and_a_damaged_cell_is_named(tmp_path):
    path = tmp_path / "growth.csv"
    lines = [
        "system,axis,value,seconds,peak_bytes",
        "lcr,frames,16,2.0,70",
        "lcr,frames,8,1.0,60",
        "lcr,tokens,49,5,80",
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert read_costs("frames", "seconds", path) == {"lcr": [(8.0, 1.0), (16.0, 2.0)]}
    assert read_costs("tokens", "peak_bytes", path) == {"lcr": [(49.0, 80.0)]}
    for damaged in ("lcr,frames,32,,70", "lcr,frames,32,nan,70", "lcr,frames,32"):
        path.write_text("\n".join([*lines, damaged]) + "\n", encoding="utf-8")
        with pytest.raises(InputError, match=rf"growth\.csv, line 5.*{growth.AGAIN}"):
            read_costs("frames", "seconds", path)
