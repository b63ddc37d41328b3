"""Times Bi-WKV against what else there is, in one process: all contenders in turn, round after round.

A machine's speed drifts and its neighbours come and go, so a number alone says little: what is compared is measured
within the same second, and ratios are medians over rounds. Each contender is called once untimed in its turn (unless it
takes longer than WARM_UP), so that none pays for the caches that the one before it filled; what one call does not undo,
such as a copy's lines still to be written, falls to all alike: a round's order is drawn anew. How the operator's time
grows is measured by itself, two lengths in turn. With one thread on the CPU its own time counts, not the wall's, so
that being put aside for another process is not counted.
"""

import functools
import random
import statistics
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from lcr.wkv import bi_wkv, multiply_adds
from lcr.wkv.reference import recurrence

TOKENS = (49, 197, 784, 3136, 12544)
FORWARD, BOTH = "forward", "forward+backward"
OPERATOR, ATTENTION, CHUNK, RECURRENCE, FLA = "operator", "attention", "torch chunk form", "recurrence", "fla"
SGEMM, COPY = "sgemm", "copy"
GROWTH, GROWTH_ROUNDS, IN_TURN = (3136, 12544), 45, "operator, in turn"
RECURRENCE_ROUNDS = 5  # beyond RECURRENCE_UP_TO tokens: one by one in Python they take seconds
RECURRENCE_UP_TO = 197
WARM_UP = 0.02  # seconds
LOADING = 0.5  # seconds: more than torch takes for what it loads late, in the first call of a process
BACKWARD = 2.5  # products of the backward pass by those of the forward pass
COPIED = {"cpu": 2**22, "cuda": 2**26}  # floats: more than the caches hold


@dataclass(frozen=True)
class Timing:
    """What one contender took, in seconds, one number a round.

    work: of one call. Bytes of a copy; FLOPs of a product and of attention; of every form of Bi-WKV the operator's own
    count, 4D² + 2LD multiply-adds a token and head, whatever that form does (2.5 times as many with the backward pass).
    """

    tokens: int
    passes: str
    contender: str
    work: float
    seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    @property
    def least(self) -> float:
        return min(self.seconds)

    def times(self, other: "Timing") -> float:
        """How many times as long as `other` it took: the median of the ratio within a round, over rounds with both."""
        return statistics.median(a / b for a, b in zip(self.seconds, other.seconds, strict=False))


@dataclass
class _Case:
    tokens: int
    passes: str
    contender: str
    work: float
    call: Callable[[], object]
    seconds: list[float]
    most: int | None = None  # rounds, where fewer than the others get
    warmed: bool = True  # by an untimed call in each of its turns


def rounds_for(tokens: int, rounds: int) -> int:
    """Rounds at one length, `rounds` up to 400 tokens: longer calls are steadier, and attention takes N² time."""
    return max(5, min(rounds, rounds * 400 // max(tokens, 1)))


def _flash_linear_attention(inputs: list[Tensor], dy: Tensor) -> tuple[Callable, list[Tensor], Tensor] | None:
    """Two directions of fla's RWKV6, with r, k, v, log decay, u, and dy in its layout; None if it is not installed.

    It has tokens before heads and a decay of each token; both are made beforehand, at nobody's cost. It knows one
    direction: the other runs on flipped tensors, and that it has to flip them is its cost.
    """
    try:
        from fla.ops.rwkv6 import chunk_rwkv6
    except ImportError:
        return None
    r, k, v, omega, u = inputs
    decay = (-omega.exp())[:, None].expand(r.shape)
    *own, dy = (x.transpose(1, 2).contiguous() for x in (r, k, v, decay, dy))

    def both(r, k, v, decay, u):
        past, _ = chunk_rwkv6(r, k, v, decay, u, scale=1.0)
        future, _ = chunk_rwkv6(*(x.flip(1) for x in (r, k, v, decay)), torch.zeros_like(u), scale=1.0)
        return past + future.flip(1)

    return both, [*own, u], dy


def _cases(tokens: int, batch: int, heads: int, width: int, device: str) -> Iterator[_Case]:
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
    own = 2.0 * multiply_adds(shape)
    attention = 4.0 * batch * heads * tokens**2 * width
    for name, (function, x, d) in contenders.items():
        work = attention if name == ATTENTION else own
        leaves = [a.clone().requires_grad_() for a in x]

        def both(function=function, leaves=leaves, d=d):
            return torch.autograd.grad(function(*leaves), leaves, d)

        yield _Case(tokens, FORWARD, name, work, functools.partial(function, *x), [])
        yield _Case(tokens, BOTH, name, work * (1 + BACKWARD), both, [])
    if device == "cpu":  # forward alone: nobody trains through a loop over tokens
        most = None if tokens <= RECURRENCE_UP_TO else RECURRENCE_ROUNDS
        yield _Case(tokens, FORWARD, RECURRENCE, own, functools.partial(recurrence, *inputs), [], most)
    side = 512 if device == "cpu" else 4096
    a, b, c = (torch.randn(side, side, device=device) for _ in range(3))
    source, target = (torch.zeros(COPIED[device], device=device) for _ in range(2))
    yield _Case(tokens, FORWARD, SGEMM, 2.0 * side**3, lambda: torch.mm(a, b, out=c), [])
    yield _Case(tokens, FORWARD, COPY, 8.0 * COPIED[device], lambda: target.copy_(source), [])


def _timed(call: Callable[[], object], device: str) -> float:
    clock = time.thread_time if device == "cpu" and torch.get_num_threads() == 1 else time.perf_counter
    if device == "cuda":
        torch.cuda.synchronize()
    began = clock()
    call()
    if device == "cuda":
        torch.cuda.synchronize()
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
    """Times every contender at every length, each round in an order of its own, a length's rounds spread over the run.

    Where both lengths of GROWTH are asked for, so is the operator at one and the other in turn, as IN_TURN.

    Args:
        tokens: lengths N.
        rounds: of lengths up to 400; see `rounds_for`.
        batch, heads, width: B, H and D of r, k and v.
        device: "cpu", with torch's threads as they are, or "cuda".
        track: a progress bar around the rounds.
    """
    turns = {(n,): list(_cases(n, batch, heads, width, device)) for n in tokens}
    every = [case for cases in turns.values() for case in cases]
    due = [(i / rounds_for(n, rounds), (n,)) for n in tokens for i in range(rounds_for(n, rounds))]
    if set(GROWTH) <= set(tokens):
        operator = [case for n in GROWTH for case in turns[n,] if case.contender == OPERATOR]
        turns[GROWTH] = [replace(case, contender=IN_TURN, seconds=[]) for case in operator]
        due += [(i / GROWTH_ROUNDS, GROWTH) for i in range(GROWTH_ROUNDS)]
    if device == "cuda":  # the first call of a kernel compiles it
        for case in every:
            case.call()
    for case in every:
        first = _timed(case.call, device)
        case.warmed = first < WARM_UP or (first < LOADING and _timed(case.call, device) < WARM_UP)
    order = random.Random(0)
    for _, turn in track(sorted(due)):
        for case in order.sample(turns[turn], len(turns[turn])):
            if case.most == len(case.seconds):
                continue
            if case.warmed:
                case.call()
            case.seconds.append(_timed(case.call, device))
    return [
        Timing(case.tokens, case.passes, case.contender, case.work, tuple(case.seconds))
        for cases in turns.values()
        for case in cases
    ]


@dataclass(frozen=True)
class Target:
    """A speed that was asked for, on one core with AVX-512 at B = 1, H = 3, D = 64; `at_least`, or else at most.

    measured: the median over rounds, which is judged. quiet: the same of the least times, which is what remains where
    neighbours take caches and cycles away; if the two differ much, the machine was not quiet.
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
    """What was asked for of the lengths that were timed, beside what was measured."""
    found = {(t.tokens, t.passes, t.contender): t for t in timings}
    judged = []
    for n, forward, both, share in ((197, 1.25, 1.2, 0.5), (3136, 15.0, 12.0, 0.6)):
        if (n, FORWARD, OPERATOR) in found:
            for passes, wanted in ((FORWARD, forward), (BOTH, both)):
                attention, operator = found[n, passes, ATTENTION], found[n, passes, OPERATOR]
                measured, quiet = attention.times(operator), attention.least / operator.least
                judged.append(Target(f"{passes}, N = {n}: times as fast as attention", wanted, measured, quiet))
            operator, sgemm = found[n, FORWARD, OPERATOR], found[n, FORWARD, SGEMM]
            work = operator.work / sgemm.work
            measured, quiet = sgemm.times(operator) * work, sgemm.least / operator.least * work
            judged.append(Target(f"{FORWARD}, N = {n}: share of sgemm's rate", share, measured, quiet))
    for passes in (FORWARD, BOTH):
        short, long = (found.get((n, passes, IN_TURN)) for n in GROWTH)
        if short and long:
            growth, quiet = long.times(short), long.least / short.least
            judged.append(Target(f"{passes}, N = 3136 to 12544: growth of time", 4.2, growth, quiet, at_least=False))
    return judged
