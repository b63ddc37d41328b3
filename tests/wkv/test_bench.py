"""`lcr bench wkv`: what it times, what it writes, and how it judges."""

import pytest

from lcr.bench import COLUMNS
from lcr.cli import app
from lcr.study.rows import read_rows
from lcr.wkv.bench import ATTENTION, BOTH, COPY, FORWARD, OPERATOR, SGEMM, Timing, rounds_for, targets

typer_testing = pytest.importorskip("typer.testing")


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bench")
    arguments = ["bench", "wkv", "--tokens", "5,40", "--rounds", "5", "--out", str(folder)]
    result = typer_testing.CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    return folder, result.output


def test_the_table_has_every_contender_at_every_length(written):
    rows = read_rows(written[0] / "bench_wkv_cpu.csv")
    assert tuple(rows[0]) == COLUMNS
    for tokens in ("5", "40"):
        here = {(row["passes"], row["contender"]): row for row in rows if row["tokens"] == tokens}
        assert {contender for _, contender in here} == {
            *(OPERATOR, ATTENTION, "torch chunk form", "recurrence", SGEMM, COPY)
        }
        assert here[FORWARD, OPERATOR]["times_operator"] == here[BOTH, OPERATOR]["times_operator"] == "1.00"
        assert all(float(row["median_ms"]) >= float(row["min_ms"]) > 0 for row in here.values())
        own = 3 * int(tokens) * (4 * 64 + 2 * 32) * 64 * 2  # FLOPs: 4D² + 2LD multiply-adds a token and head
        row = here[FORWARD, OPERATOR]
        assert float(row["gflops"]) == pytest.approx(own / float(row["median_ms"]) / 1e6, rel=0.02)


def test_the_picture_is_drawn_in_both_formats_and_the_backend_is_named(written):
    folder, output = written
    assert (folder / "bench_wkv_cpu.png").read_bytes().startswith(b"\x89PNG")
    assert "</svg>" in (folder / "bench_wkv_cpu.svg").read_text(encoding="utf-8")
    assert "auto takes '" in output


def test_unreadable_lengths_are_refused():
    result = typer_testing.CliRunner().invoke(app, ["bench", "wkv", "--tokens", "a,b"])
    assert "give lengths of at least 1" in str(result.exception)


def timing(tokens, passes, contender, seconds, work=1.0):
    return Timing(tokens, passes, contender, work, tuple(seconds))


def test_ratios_are_medians_of_ratios_within_a_round():
    slow = timing(197, FORWARD, ATTENTION, [2, 20, 3])
    assert slow.times(timing(197, FORWARD, OPERATOR, [1, 10, 1])) == 2


def test_what_was_asked_for_is_judged_by_what_was_measured():
    timings = [
        timing(197, FORWARD, OPERATOR, [1.0] * 3, work=60),
        timing(197, FORWARD, ATTENTION, [1.3] * 3),
        timing(197, BOTH, OPERATOR, [1.0] * 3),
        timing(197, BOTH, ATTENTION, [1.1] * 3),
        timing(197, FORWARD, SGEMM, [2.0] * 3, work=200),
        *(timing(n, passes, OPERATOR, [s]) for n, s in ((3136, 1.0), (12544, 4.5)) for passes in (FORWARD, BOTH)),
    ]
    timings += [
        timing(3136, passes, name, [1.0])
        for passes, name in ((FORWARD, ATTENTION), (BOTH, ATTENTION), (FORWARD, SGEMM))
    ]
    judged = {target.name: target for target in targets(timings)}
    assert judged["forward, N = 197: times as fast as attention"].met
    assert not judged["forward+backward, N = 197: times as fast as attention"].met
    share = judged["forward, N = 197: share of sgemm's rate"]
    assert share.met
    assert share.measured == pytest.approx(0.6)
    growth = judged["forward, N = 3136 to 12544: growth of time"]
    assert not growth.met
    assert growth.measured == growth.quiet == 4.5


def test_the_least_times_are_given_beside_what_is_judged():
    timings = [
        timing(197, FORWARD, OPERATOR, [1.0, 2.0, 4.0]),
        timing(197, FORWARD, ATTENTION, [1.5, 2.0, 4.0]),
        timing(197, BOTH, OPERATOR, [1.0]),
        timing(197, BOTH, ATTENTION, [1.0]),
        timing(197, FORWARD, SGEMM, [1.0, 1.0, 1.0]),
    ]
    judged = targets(timings)[0]
    assert (judged.measured, judged.quiet) == (1.0, 1.5)
    assert not judged.met


def test_growth_compares_rounds_that_were_next_to_each_other():
    short = timing(3136, FORWARD, OPERATOR, [1, 1, 1, 2, 2, 2])  # the machine slows down by half on the way
    assert timing(12544, FORWARD, OPERATOR, [4, 8]).growth_from(short) == 4


def test_long_calls_get_fewer_rounds_and_never_less_than_five():
    assert [rounds_for(n, 200) for n in (49, 197, 784, 3136, 12544)] == [200, 200, 102, 25, 6]
