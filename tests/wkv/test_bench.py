"""`lcr bench wkv`: what it times, what it writes, and how it judges."""

import sys
import time
from dataclasses import replace
from itertools import groupby
from types import ModuleType

import pytest
import torch
from typer.testing import CliRunner

from lcr.cli import app
from lcr.commands.bench import COLUMNS
from lcr.report.figures.bench import bench_figure
from lcr.study.tables.rows import read_rows
from lcr.wkv import bench, bi_wkv
from lcr.wkv.bench import (
    ATTENTION,
    BOTH,
    COPY,
    FORWARD,
    GROWTH_ROUNDS,
    IN_TURN,
    OPERATOR,
    RECURRENCE,
    SGEMM,
    Timing,
    rounds_for,
    targets,
)
from lcr.wkv.reference import pairwise, recurrence


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bench")
    arguments = ["bench", "wkv", "--tokens", "5,40", "--rounds", "5", "--out", str(folder)]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    return folder, result.output


def test_the_table_has_every_contender_at_every_length(written):
    rows = read_rows(written[0] / "bench_wkv_cpu.csv")
    assert tuple(rows[0]) == COLUMNS
    for tokens in ("5", "40"):
        here = {(row["passes"], row["contender"]): row for row in rows if row["tokens"] == tokens}
        assert {contender for _, contender in here} == {
            *(OPERATOR, ATTENTION, "torch chunk form", RECURRENCE, SGEMM, COPY)
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


def test_time_and_length_are_drawn_on_logarithmic_axes():
    timings = [timing(n, FORWARD, name, [n / 1e3]) for n in (5, 40) for name in (OPERATOR, SGEMM)]
    axis = bench_figure(timings, "a machine", {"batch": 1, "heads": 3, "width": 64}).axes[0]
    assert (axis.get_xscale(), axis.get_yscale()) == ("log", "log")
    assert list(axis.lines[0].get_xdata()) == [5, 40]
    assert list(axis.lines[0].get_ydata()) == [5, 40]


def test_the_recurrence_is_timed_at_every_length_with_few_rounds_at_the_long_ones(monkeypatch):
    monkeypatch.setattr(bench, "RECURRENCE_UP_TO", 5)
    found = {
        (t.tokens, t.contender): len(t.seconds)
        for t in bench.measure((5, 6), 7, heads=1, width=8)
        if t.passes == FORWARD
    }
    assert found[5, RECURRENCE] == found[5, OPERATOR] == found[6, OPERATOR] == 7
    assert found[6, RECURRENCE] == 5


def test_no_contender_has_the_same_one_before_it_in_every_round(monkeypatch):
    called = []
    named = bench._cases

    def recording(*how):
        for case in named(*how):
            yield replace(case, call=lambda name=(case.contender, case.passes): called.append(name))

    monkeypatch.setattr(bench, "_cases", recording)
    timings = bench.measure((5,), 10, heads=1, width=8)
    assert {len(t.seconds) for t in timings} == {10}
    turns = called[len(timings) :: 2]  # after the first calls, each contender is called twice in its turn
    before = {name: {turns[at - 1] for at in range(1, len(turns)) if turns[at] == name} for name in set(turns)}
    assert len(before) == len(timings)
    assert all(len(others) > 2 for others in before.values())


def test_flash_linear_attention_is_given_the_same_problem(monkeypatch, inputs, error):
    def chunk_rwkv6(r, k, v, decay, u, scale):
        assert scale == 1.0
        r, k, v, decay = (x.transpose(1, 2) for x in (r, k, v, decay))
        assert torch.equal(decay, decay[:1, :, :1].expand(decay.shape))
        return recurrence(r, k, v, (-decay[0, :, 0]).log(), u, bidirectional=False).transpose(1, 2), None

    module = ModuleType("fla.ops.rwkv6")
    module.chunk_rwkv6 = chunk_rwkv6
    for name in ("fla", "fla.ops"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    monkeypatch.setitem(sys.modules, "fla.ops.rwkv6", module)
    x = inputs(40, low=-3.0, high=0.5)
    function, own, dy = bench._flash_linear_attention(x, x[0])
    y = function(*own)
    assert error(y.transpose(1, 2), pairwise(*x)) <= 1e-6
    assert torch.equal(dy, x[0].transpose(1, 2))
    assert dy.shape == y.shape


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--tokens", "a,b"], "give lengths of at least 1"),
        pytest.param(
            ["--device", "cuda"],
            "torch sees no CUDA device here",
            marks=pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU"),
        ),
    ],
)
def test_what_cannot_be_timed_is_refused(options, message):
    result = CliRunner().invoke(app, ["bench", "wkv", *options])
    assert message in str(result.exception)


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
        *(timing(n, passes, IN_TURN, [s]) for n, s in ((3136, 1.0), (12544, 4.5)) for passes in (FORWARD, BOTH)),
        *(timing(3136, passes, OPERATOR, [1.0]) for passes in (FORWARD, BOTH)),
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


def test_growth_compares_two_lengths_in_turn_with_each_call_warmed(monkeypatch):
    monkeypatch.setattr(bench, "GROWTH", (5, 40))
    monkeypatch.setattr(bench, "WARM_UP", 0.0)
    lengths = []

    def operator(r, *rest, backend="auto"):
        if backend == "auto":
            lengths.append(r.shape[2])
        return bi_wkv(r, *rest, backend=backend)

    monkeypatch.setattr(bench, "bi_wkv", operator)
    alone = {(t.tokens, t.passes): t for t in bench.measure((5, 40), 5, heads=1, width=8) if t.contender == IN_TURN}
    assert {len(t.seconds) for t in alone.values()} == {GROWTH_ROUNDS}
    assert set(alone) == {(n, passes) for n in (5, 40) for passes in (FORWARD, BOTH)}
    # two passes, twice to see how long they take and in five rounds; and in each pair, untimed and timed
    assert lengths.count(5) == lengths.count(40) == 2 * (2 + 5) + 4 * GROWTH_ROUNDS
    assert max(len(list(run)) for _, run in groupby(lengths)) <= 12  # a pair has four calls of each, a round two


def test_a_first_call_that_loads_something_is_not_taken_for_a_long_one(monkeypatch):
    calls = []

    def operator(r, *rest, backend="auto"):
        if backend == "auto":
            until = time.thread_time() + 2 * bench.WARM_UP  # never more than the wall's, so that it serves either clock
            while not calls and time.thread_time() < until:
                pass
            calls.append(r.requires_grad)
        return bi_wkv(r, *rest, backend=backend)

    monkeypatch.setattr(bench, "bi_wkv", operator)
    bench.measure((5,), 5, heads=1, width=8)
    assert calls.count(False) == 2 + 2 * 5  # slow, then quick; and in each of five rounds untimed and timed


def test_growth_is_the_median_over_pairs():
    pairs = [
        *(timing(3136, passes, IN_TURN, [1, 1, 2]) for passes in (FORWARD, BOTH)),
        *(timing(12544, passes, IN_TURN, [4, 4.4, 8]) for passes in (FORWARD, BOTH)),  # half as fast on the way
    ]
    assert [(target.measured, target.met) for target in targets(pairs)] == [(4, True), (4, True)]


def test_long_calls_get_fewer_rounds_and_never_less_than_five():
    assert [rounds_for(n, 200) for n in (49, 197, 784, 3136, 12544)] == [200, 200, 102, 25, 6]
