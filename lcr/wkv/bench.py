"""Times Bi-WKV against attention, its other forms, sgemm and a copy, in one process: interleaved rounds.

The speed of a machine drifts, so only times from the same second are compared: a round times every contender in random
order, and ratios are medians over rounds. An untimed call precedes each timed call (unless it takes longer than
WARM_UP), so that no contender pays for the caches that the one before it filled. The growth of the operator's time is
measured separately, on two lengths in turn. With one thread on the CPU the thread's own time counts, not wall time, so
that time given to other processes does not count.
"""

import functools
import random
import statistics
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from lcr.wkv import bi_wkv, multiply_adds
from lcr.wkv.reference import recurrence

FORWARD, BOTH = "forward", "forward+backward"
OPERATOR, ATTENTION, CHUNK, RECURRENCE, FLA = "operator", "attention", "torch chunk form", "recurrence", "fla"
SGEMM, COPY = "sgemm", "copy"
GROWTH, GROWTH_ROUNDS, IN_TURN = (3136, 12544), 45, "operator, in turn"
RECURRENCE_ROUNDS = 5  # beyond RECURRENCE_UP_TO tokens: the loop in Python takes seconds
RECURRENCE_UP_TO = 197
WARM_UP = 0.02  # seconds
BACKWARD = 2.5  # products of the backward pass by those of the forward pass
COPIED = {"cpu": 2**22, "cuda": 2**26}  # floats: more than the caches hold
FASTER = ((197, FORWARD, 1.0), (197, BOTH, 1.0), (3136, FORWARD, 15.0), (3136, BOTH, 12.0))  # than attention


@dataclass
class Timing:
    """Seconds of one contender, one number a round.

    work: of one call. Bytes of a copy; FLOPs of a product and of attention; for every form of Bi-WKV the operator's own
    count, 4D² + 2LD multiply-adds a token and head, whatever that form computes (3.5 times as many with the backward
    pass).
    """

    tokens: int
    passes: str
    contender: str
    work: float
    seconds: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    @property
    def least(self) -> float:
        return min(self.seconds)

    def times(self, other: "Timing") -> float:
        """The median of the ratio of this time to that of `other` within a round, over rounds that timed both."""
        return statistics.median(a / b for a, b in zip(self.seconds, other.seconds, strict=False))


@dataclass
class _Case:
    """A contender to call."""

    timing: Timing
    call: Callable[[], object]
    rounds: int  # at most
    warmed: bool = False  # by an untimed call before each timed call


def rounds_for(tokens: int, rounds: int) -> int:
    """Rounds at one length, `rounds` up to 400 tokens: longer calls are steadier, and attention takes N² time."""
    return max(5, min(rounds, rounds * 400 // max(tokens, 1)))


def _flash_linear_attention(inputs: list[Tensor], dy: Tensor) -> tuple[Callable, list[Tensor], Tensor] | None:
    """Two directions of fla's RWKV6, with r, k, v, log decay, u, and dy in its layout; None if it is not installed.

    fla expects tokens before heads and a decay for each token; both conversions are untimed. fla computes one
    direction: the other runs on flipped tensors, and the flips are timed.
    """
    try:
        from fla.ops.rwkv6 import chunk_rwkv6
    except ImportError:
        return None
    r, k, v, omega, u = inputs
    decay = (-omega.exp())[:, None].expand(r.shape)
    *own, dy = (x.transpose(1, 2).contiguous() for x in (r, k, v, decay, dy))

    def both(r, k, v, decay, u):
        past, future = (r, k, v, decay, u), (*(x.flip(1) for x in (r, k, v, decay)), torch.zeros_like(u))
        return chunk_rwkv6(*past, scale=1.0)[0] + chunk_rwkv6(*future, scale=1.0)[0].flip(1)

    return both, [*own, u], dy


def _both(function: Callable, leaves: list[Tensor], dy: Tensor) -> tuple[Tensor, ...]:
    return torch.autograd.grad(function(*leaves), leaves, dy)


def _cases(tokens: int, rounds: int, batch: int, heads: int, width: int, device: str) -> Iterator[_Case]:
    """Every contender at one length."""
    generator = torch.Generator().manual_seed(tokens)
    shape = (batch, heads, tokens, width)
    r, k, v, dy = (torch.randn(shape, generator=generator).to(device) for _ in range(4))
    omega = torch.linspace(-4, 1, heads * width).reshape(heads, width).to(device)
    u = torch.randn(heads, width, generator=generator).to(device)
    inputs = [r, k, v, omega, u]
    contenders: dict[str, tuple[Callable, list[Tensor], Tensor]] = {
        OPERATOR: (bi_wkv, inputs, dy),
        ATTENTION: (scaled_dot_product_attention, inputs[:3], dy),
        CHUNK: (functools.partial(bi_wkv, backend="torch"), inputs, dy),
    }
    if device == "cuda" and (fla := _flash_linear_attention(inputs, dy)):
        contenders[FLA] = fla
    own, attention = 2.0 * multiply_adds(shape), 4.0 * batch * heads * tokens**2 * width

    def case(name: str, passes: str, work: float, call: Callable[[], object], most: int = rounds) -> _Case:
        return _Case(Timing(tokens, passes, name, work), call, most)

    for name, (function, x, d) in contenders.items():
        work, leaves = attention if name == ATTENTION else own, [a.clone().requires_grad_() for a in x]
        yield case(name, FORWARD, work, functools.partial(function, *x))
        yield case(name, BOTH, work * (1 + BACKWARD), functools.partial(_both, function, leaves, d))
    if device == "cpu":  # forward alone: training through a loop over tokens is no alternative
        most = rounds if tokens <= RECURRENCE_UP_TO else RECURRENCE_ROUNDS
        yield case(RECURRENCE, FORWARD, own, functools.partial(recurrence, *inputs), most)
    side = 512 if device == "cpu" else 4096
    a, b, c = (torch.randn(side, side, device=device) for _ in range(3))
    source, target = (torch.zeros(COPIED[device], device=device) for _ in range(2))
    yield case(SGEMM, FORWARD, 2.0 * side**3, lambda: torch.mm(a, b, out=c))
    yield case(COPY, FORWARD, 8.0 * COPIED[device], lambda: target.copy_(source))


def _timed(call: Callable[[], object], device: str) -> float:
    clock = time.thread_time if device == "cpu" and torch.get_num_threads() == 1 else time.perf_counter
    finish = torch.cuda.synchronize if device == "cuda" else lambda: None
    finish()
    began = clock()
    call()
    finish()
    return clock() - began


def measure(
    tokens: tuple[int, ...],
    rounds: int,
    *,
    batch: int = 1,
    heads: int = 3,
    width: int = 64,
    device: str = "cpu",
    track: Callable[[Sequence], Iterable] = iter,
) -> list[Timing]:
    """Times every contender at every length, each round in random order, the rounds of a length spread over the run.

    Where `tokens` has both lengths of GROWTH, the operator is also timed on the one and the other in turn, as IN_TURN.

    Args:
        tokens: lengths N.
        rounds: of lengths up to 400; see `rounds_for`.
        batch, heads, width: B, H and D of r, k and v.
        device: "cpu", with torch's number of threads, or "cuda".
        track: a progress bar around the rounds.
    """
    of_length = {n: rounds_for(n, rounds) for n in tokens}
    turns = {(n,): list(_cases(n, of_length[n], batch, heads, width, device)) for n in tokens}
    for case in (case for cases in turns.values() for case in cases):
        case.call()  # loads and compiles
        case.warmed = _timed(case.call, device) < WARM_UP
    due = [(i / most, (n,)) for n, most in of_length.items() for i in range(most)]
    if set(GROWTH) <= set(tokens):
        turns[GROWTH] = [
            replace(case, timing=replace(case.timing, contender=IN_TURN, seconds=[]), rounds=GROWTH_ROUNDS)
            for n in GROWTH
            for case in turns[n,]
            if case.timing.contender == OPERATOR
        ]
        due += [(i / GROWTH_ROUNDS, GROWTH) for i in range(GROWTH_ROUNDS)]
    order = random.Random(0)
    for _, turn in track(sorted(due)):
        for case in order.sample(turns[turn], len(turns[turn])):
            if len(case.timing.seconds) < case.rounds:
                if case.warmed:
                    case.call()
                case.timing.seconds.append(_timed(case.call, device))
    return [case.timing for cases in turns.values() for case in cases]


@dataclass(frozen=True)
class Target:
    """A speed to reach on one core with AVX-512 at B = 1, H = 3, D = 64; `at_least`, or else at most.

    measured: the median over rounds, which is compared. quiet: the same ratio of the least times, to which neighbours
    on the machine add nothing; if the two differ much, the machine was not quiet.
    """

    name: str
    wanted: float
    measured: float
    quiet: float
    at_least: bool = True

    @property
    def met(self) -> bool:
        return self.measured >= self.wanted if self.at_least else self.measured <= self.wanted


def targets(timings: list[Timing]) -> list[Target]:
    """The targets of those lengths that were timed, with the measured ratios."""
    found = {(t.tokens, t.passes, t.contender): t for t in timings}
    judged = [
        (f"{passes}, N = {n}: times as fast as attention", wanted, (n, passes, ATTENTION), (n, passes, OPERATOR), True)
        for n, passes, wanted in FASTER
    ]
    short, long = GROWTH
    judged += [
        (
            f"{passes}, N = {short} to {long}: growth of time",
            4.2,
            (long, passes, IN_TURN),
            (short, passes, IN_TURN),
            False,
        )
        for passes in (FORWARD, BOTH)
    ]
    return [
        Target(name, wanted, found[a].times(found[b]), found[a].least / found[b].least, at_least)
        for name, wanted, a, b, at_least in judged
        if a in found and b in found
    ]
