"""`lcr bench wkv`: the contenders it times, the files it writes, and the targets it compares with."""

import csv
import sys
from dataclasses import replace
from types import ModuleType

import pytest
import torch

from lcr.util.errors import LCRError
from lcr.wkv import bench
from lcr.wkv.bench import ATTENTION, BOTH, COPY, FORWARD, IN_TURN, OPERATOR, RECURRENCE, SGEMM, Timing, targets
from lcr.wkv.reference import pairwise, recurrence
from tests.cli import lcr
from tests.wkv.forms import error, inputs


@pytest.mark.slow
def test_the_table_has_every_contender_at_every_length_beside_a_picture(tmp_path):
    lcr("bench", "wkv", "--tokens", "5,40", "--rounds", "5", "--out", tmp_path)
    with (tmp_path / "bench_wkv_cpu.csv").open(encoding="utf-8", newline="") as opened:
        rows = list(csv.DictReader(opened))
    for tokens in ("5", "40"):
        here = {(row["passes"], row["contender"]): row for row in rows if row["tokens"] == tokens}
        assert {name for _, name in here} == {OPERATOR, ATTENTION, "torch chunk form", RECURRENCE, SGEMM, COPY}
        assert here[FORWARD, OPERATOR]["times_operator"] == here[BOTH, OPERATOR]["times_operator"] == "1.00"
        assert all(float(row["median_ms"]) >= float(row["min_ms"]) > 0 for row in here.values())
        own = 3 * int(tokens) * (4 * 64 + 2 * 32) * 64 * 2  # FLOPs: 4D² + 2LD multiply-adds a token and head
        row = here[FORWARD, OPERATOR]
        assert float(row["gflops"]) == pytest.approx(own / float(row["median_ms"]) / 1e6, rel=0.02)
    assert (tmp_path / "bench_wkv_cpu.png").read_bytes().startswith(b"\x89PNG")
    assert "</svg>" in (tmp_path / "bench_wkv_cpu.svg").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "option",
    [
        ("--tokens", "a,b"),
        pytest.param(
            ("--device", "cuda"), marks=pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
        ),
    ],
)
def test_an_option_that_cannot_be_served_is_refused_by_name(option):
    with pytest.raises(LCRError, match=option[0]):
        lcr("bench", "wkv", *option)


@pytest.fixture
def called(monkeypatch):
    """The calls of the contenders (tokens, contender, passes), which do nothing and seem to take a millisecond."""
    calls, cases = [], bench._cases

    def recording(*how):
        for case in cases(*how):
            name = (case.timing.tokens, case.timing.contender, case.timing.passes)
            yield replace(case, call=lambda name=name: calls.append(name))

    def timed(call, device):
        call()
        return 1e-3

    monkeypatch.setattr(bench, "_cases", recording)
    monkeypatch.setattr(bench, "_timed", timed)
    return calls


def test_a_contender_follows_different_ones_and_is_warmed_in_its_turn(called):
    timings = bench.measure((5,), 10, heads=1, width=8)
    assert {len(t.seconds) for t in timings} == {10}
    turns = called[2 * len(timings) :: 2]  # after the first two calls of each, two calls in each turn
    assert turns == called[2 * len(timings) + 1 :: 2]
    before = {name: {turns[at - 1] for at in range(1, len(turns)) if turns[at] == name} for name in set(turns)}
    assert len(before) == len(timings)
    assert all(len(others) > 2 for others in before.values())


def test_long_calls_have_fewer_rounds_and_are_not_warmed(called, monkeypatch):
    assert [bench.rounds_for(n, 200) for n in (49, 197, 784, 3136, 12544)] == [200, 200, 102, 25, 6]
    monkeypatch.setattr(bench, "WARM_UP", 1e-4)
    monkeypatch.setattr(bench, "RECURRENCE_UP_TO", 5)
    rounds = {(t.tokens, t.contender): len(t.seconds) for t in bench.measure((5, 6), 7, heads=1, width=8)}
    assert rounds[5, RECURRENCE] == rounds[5, OPERATOR] == rounds[6, OPERATOR] == 7
    assert (rounds[6, RECURRENCE], called.count((6, OPERATOR, FORWARD))) == (5, 2 + 7)


def test_growth_compares_two_lengths_in_turn(called, monkeypatch):
    monkeypatch.setattr(bench, "GROWTH", (5, 40))
    alone = [t for t in bench.measure((5, 40), 5, heads=1, width=8) if t.contender == IN_TURN]
    assert {(t.tokens, t.passes) for t in alone} == {(n, passes) for n in (5, 40) for passes in (FORWARD, BOTH)}
    assert {len(t.seconds) for t in alone} == {bench.GROWTH_ROUNDS}
    for n in (5, 40):  # two first calls, then two in each of five rounds and of the turns
        assert called.count((n, OPERATOR, FORWARD)) == 2 + 2 * 5 + 2 * bench.GROWTH_ROUNDS


def test_flash_linear_attention_is_given_the_same_problem(monkeypatch):
    def chunk_rwkv6(r, k, v, decay, u, scale):
        assert scale == 1.0
        r, k, v, decay = (x.transpose(1, 2) for x in (r, k, v, decay))
        assert torch.equal(decay, decay[:1, :, :1].expand(decay.shape))
        return recurrence(r, k, v, (-decay[0, :, 0]).log(), u, bidirectional=False).transpose(1, 2), None

    assert bench._flash_linear_attention(inputs(4), inputs(4)[0]) is None  # without it
    module = ModuleType("fla.ops.rwkv6")
    module.chunk_rwkv6 = chunk_rwkv6
    for name in ("fla", "fla.ops"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    monkeypatch.setitem(sys.modules, "fla.ops.rwkv6", module)
    x = inputs(40, low=-3.0, high=0.5)
    function, own, dy = bench._flash_linear_attention(x, x[0])
    assert error(function(*own).transpose(1, 2), pairwise(*x)) <= 1e-6
    assert torch.equal(dy, x[0].transpose(1, 2))


def test_targets_compare_medians_of_ratios_within_a_round():
    timings = [
        Timing(197, FORWARD, OPERATOR, 1.0, [1.0, 2.0, 4.0]),
        Timing(197, FORWARD, ATTENTION, 1.0, [1.5, 2.0, 4.0]),
        Timing(197, BOTH, OPERATOR, 1.0, [1, 10, 1]),
        Timing(197, BOTH, ATTENTION, 1.0, [0.5, 5, 3]),
        *(Timing(3136, passes, IN_TURN, 1.0, [1, 1, 2]) for passes in (FORWARD, BOTH)),
        Timing(12544, FORWARD, IN_TURN, 1.0, [4, 4.4, 8]),  # half as fast at the end
        Timing(12544, BOTH, IN_TURN, 1.0, [4.5, 4.4, 9]),
    ]
    judged = [(target.measured, target.quiet, target.met) for target in targets(timings)]
    assert judged == [(1.0, 1.5, True), (0.5, 0.5, False), (4, 4, True), (4.5, 4.4, False)]
