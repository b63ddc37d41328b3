"""Bi-WKV as products of small matrices, without a division, for any device and dtype that torch has.

Tokens go in chunks of L. The table P[j] = exp(-j·e^ω) has exponents j ≥ 0 only, so nothing overflows however fast the
decay (the usual form divides k by w^i and leaves float32 at ω ≈ 0.34). A pair of tokens meets in one of three places:

- in different chunks: in a state, S_f[n] = Σ_{i<t0} w^{t0-1-i} k_iᵀv_i or S_b[n] = Σ_{i≥t1} w^{i-t1} k_iᵀv_i for chunk
  n = [t0, t1), read by one product R̂·[S_f; S_b], R̂ = [R⊙P[t-t0] | R⊙P[t1-1-t]];
- in one chunk: at the one dyadic midpoint s that separates them, w^{t-s}·w^{s-1-i} for t ≥ s > i and mirrored;
- in one leaf, a handful of tokens: scores of R⊙u, R, R⊙w, R⊙w², … against K, one of them for each pair.

The backward pass keeps the inputs only. G, the states of (r, dy), give dk and dv as S gives dr and y.
"""

import torch
from torch import Tensor

from lcr.wkv.query import OMEGA_MAX

CHUNK = 32  # tokens a chunk; 64 would double the work inside chunks to halve the number of states
WHOLE = 64  # up to this many tokens one chunk, without states, is less work than padding to two
LEAF = 7  # tokens at which halving stops: below 4 the products get too small to pay


class _Plan:
    """The cut of the tokens into chunks and leaves, and the decay tables, for one call."""

    def __init__(self, shape: torch.Size, omega: Tensor, u: Tensor, bidirectional: bool, dtype: torch.dtype):
        self.batch, self.heads, self.tokens, self.width = shape
        length = self.tokens if self.tokens <= WHOLE else CHUNK
        self.depth = 0
        while length > LEAF << self.depth:
            self.depth += 1
        self.leaf = -(-length // (1 << self.depth))
        self.length = self.leaf << self.depth
        self.chunks = -(-self.tokens // self.length)
        self.bidirectional, self.dtype = bidirectional, dtype
        # in float64: a rounded P[L] would be raised to the number of chunks
        self.rate = omega.double().clamp(max=OMEGA_MAX).exp()  # (H, D)
        self.exponents = torch.arange(self.length + 1, dtype=torch.float64, device=omega.device)
        exact = torch.exp(-self.rate[:, None] * self.exponents[:, None])  # (H, L+1, D)
        self.table = exact.to(dtype)
        self.step = self.table[:, -1, :, None]  # P[L], (H, D, 1)
        self.step_rest = (exact[:, -1, :, None] - self.step).to(dtype)  # P[L] to twice the digits
        # a pair at distance 0 takes u, at distance j takes w^{j-1}
        self.near = torch.cat([u.to(dtype)[:, None], self.table[:, : self.leaf - 1]], 1)[:, None, :, None]
        distance = torch.arange(self.leaf, device=omega.device)
        distance = distance[:, None] - distance
        distance = distance.abs() if bidirectional else distance
        which = torch.arange(self.leaf, device=omega.device)[:, None, None]
        self.choice = (distance == which).to(dtype)  # (leaf, leaf, leaf): one distance for each pair

    def split(self, x: Tensor) -> Tensor:
        """(B, H, N, D) -> contiguous (B, H, chunks·L, D) in the working dtype, zeros after the last token."""
        x = x.to(self.dtype)
        padding = self.chunks * self.length - self.tokens
        return torch.nn.functional.pad(x, (0, 0, 0, padding)) if padding else x.contiguous()

    def halves(self, level: int) -> tuple[Tensor, Tensor]:
        """Scales of the tokens of two neighbouring blocks of leaf·2^level, (H, 1, 2, h, D), and their exponents."""
        ahead = self.table[:, : self.leaf << level]
        exponents = self.exponents[: self.leaf << level]
        return torch.stack([ahead.flip(1), ahead], 1)[:, None], torch.stack([exponents.flip(0), exponents])

    def sides(self) -> tuple[tuple[int, int], ...]:
        """Pairs (reader, writer) of halves."""
        return ((1, 0), (0, 1)) if self.bidirectional else ((1, 0),)

    def scan(self, products: Tensor, reverse: bool) -> Tensor:
        """States before each chunk (after it, if reverse) from the products (B, H, chunks, D, D) of each chunk."""
        states = torch.empty_like(products)
        state = torch.zeros_like(products[:, :, 0])
        for n in range(self.chunks)[:: -1 if reverse else 1]:
            states[:, :, n] = state
            rest = torch.addcmul(products[:, :, n], state, self.step_rest)
            state = torch.addcmul(rest, state, self.step)
        return states

    def ways(self) -> list[tuple[Tensor, Tensor, Tensor, bool]]:
        """Past and future of a chunk: the scales of r and k, the reader's exponents, and whether it is the future."""
        after, exponents = self.table[:, None, :-1], self.exponents[:-1, None]
        before = after.flip(2)
        both = [(after, before, exponents, False), (before, after, exponents.flip(0), True)]
        return both if self.bidirectional else both[:1]


def forward(r: Tensor, k: Tensor, v: Tensor, omega: Tensor, u: Tensor, bidirectional: bool) -> Tensor:
    """y of `lcr.wkv.bi_wkv`; works in float64 if r is float64, else in float32."""
    if r.numel() == 0:
        return r.new_empty(r.shape)
    plan = _Plan(r.shape, omega, u, bidirectional, torch.promote_types(r.dtype, torch.float32))
    r_, k_, v_ = plan.split(r), plan.split(k), plan.split(v)
    batch, heads, leaf, width = plan.batch, plan.heads, plan.leaf, plan.width

    near = r_.view(batch, heads, -1, 1, leaf, width) * plan.near
    if bidirectional:
        scores = near.view(-1, leaf * leaf, width) @ k_.view(-1, leaf, width).mT
        scores = (scores.view(-1, leaf, leaf, leaf) * plan.choice).sum(1)
        y = (scores @ v_.view(-1, leaf, width)).view(r_.shape)
    else:  # by distance: products would give 0·NaN to the tokens before a NaN
        near, k_leaf, v_leaf = near.view(-1, leaf, leaf, width), k_.view(-1, leaf, width), v_.view(-1, leaf, width)
        y = torch.zeros_like(v_leaf)
        for j in range(leaf):
            seen = slice(0, leaf - j)
            y[:, j:] += (near[:, j, j:] * k_leaf[:, seen]).sum(-1, keepdim=True) * v_leaf[:, seen]
        y = y.view(r_.shape)

    for level in range(plan.depth):
        half = leaf << level
        table, _ = plan.halves(level)
        r_half, k_half = (x.view(batch, heads, -1, 2, half, width) * table for x in (r_, k_))
        r_half, k_half, v_half, y_half = (x.view(-1, 2, half, width) for x in (r_half, k_half, v_, y))
        for reader, writer in plan.sides():
            scores = r_half[:, reader] @ k_half[:, writer].mT
            y_half[:, reader] += scores @ v_half[:, writer]  # in place, bmm would go matrix by matrix

    if plan.chunks > 1:
        blocks = (batch, heads, plan.chunks, plan.length, width)
        r_, k_, v_ = r_.view(blocks), k_.view(blocks), v_.view(blocks)
        for reader, writer, _, future in plan.ways():
            states = plan.scan((k_ * writer).mT @ v_, future)
            y.view(blocks).add_((r_ * reader) @ states)
    return y[:, :, : plan.tokens].to(r.dtype).contiguous()


def backward(
    r: Tensor, k: Tensor, v: Tensor, omega: Tensor, u: Tensor, dy: Tensor, bidirectional: bool
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """dr, dk, dv, dω, du of `forward` at dy."""
    if r.numel() == 0:
        return tuple(x.new_zeros(x.shape) for x in (r, k, v, omega, u))  # type: ignore[return-value]
    plan = _Plan(r.shape, omega, u, bidirectional, torch.promote_types(r.dtype, torch.float32))
    r_, k_, v_, dy_ = plan.split(r), plan.split(k), plan.split(v), plan.split(dy)
    batch, heads, leaf, width = plan.batch, plan.heads, plan.leaf, plan.width

    small = (-1, leaf, width)
    near = r_.view(batch, heads, -1, 1, leaf, width) * plan.near
    if bidirectional:
        near = near.view(-1, leaf * leaf, width)
        scores = ((near @ k_.view(small).mT).view(-1, leaf, leaf, leaf) * plan.choice).sum(1)
        d_scores = dy_.view(small) @ v_.view(small).mT
        d_scores = (d_scores[:, None] * plan.choice).view(-1, leaf * leaf, leaf)
        dv = (scores.mT @ dy_.view(small)).view(r_.shape)
        dk = (d_scores.mT @ near).view(r_.shape)
        d_near = (d_scores @ k_.view(small)).view(batch, heads, -1, leaf, leaf, width)
    else:  # by distance, as in `forward`
        near, k_leaf, v_leaf, dy_leaf = near.view(-1, leaf, leaf, width), *(x.view(small) for x in (k_, v_, dy_))
        d_near, dv, dk = torch.zeros_like(near), torch.zeros_like(v_leaf), torch.zeros_like(k_leaf)
        for j in range(leaf):
            seen, reader = slice(0, leaf - j), near[:, j, j:]
            dv[:, seen] += (reader * k_leaf[:, seen]).sum(-1, keepdim=True) * dy_leaf[:, j:]
            d_scores = (dy_leaf[:, j:] * v_leaf[:, seen]).sum(-1, keepdim=True)
            dk[:, seen] += d_scores * reader
            d_near[:, j, j:] = d_scores * k_leaf[:, seen]
        dv, dk, d_near = dv.view(r_.shape), dk.view(r_.shape), d_near.view(batch, heads, -1, leaf, leaf, width)
    dr = (d_near * plan.near).sum(3).view(r_.shape)
    turns = (d_near * r_.view(batch, heads, -1, 1, leaf, width)).sum((0, 2, 4))  # (H, leaf, D)
    du = turns[:, 0]
    # with respect to log w, Σ exponent · term: every term has its own exponent, and nothing cancels
    d_log_w = (turns[:, 1:] * plan.table[:, : leaf - 1] * plan.exponents[: leaf - 1, None]).sum(1)

    for level in range(plan.depth):
        half = leaf << level
        table, exponents = plan.halves(level)
        blocks = (batch, heads, -1, 2, half, width)
        r_half, k_half = (x.view(blocks) * table for x in (r_, k_))
        dr_half, dk_half = torch.zeros_like(r_half), torch.zeros_like(k_half)
        flat = (-1, 2, half, width)
        r_flat, k_flat, v_flat, dy_flat = (x.view(flat) for x in (r_half, k_half, v_, dy_))
        for reader, writer in plan.sides():
            scores = k_flat[:, writer] @ r_flat[:, reader].mT  # (writers, readers)
            d_scores = dy_flat[:, reader] @ v_flat[:, writer].mT  # (readers, writers)
            dv.view(flat)[:, writer] += scores @ dy_flat[:, reader]
            dr_half.view(flat)[:, reader] = d_scores @ k_flat[:, writer]
            dk_half.view(flat)[:, writer] = d_scores.mT @ r_flat[:, reader]
        turns = (r_half * dr_half).addcmul_(k_half, dk_half).sum((0, 2))  # (H, 2, h, D)
        d_log_w = d_log_w + (turns * exponents[..., None]).sum((1, 2))
        dr.view(blocks).addcmul_(dr_half, table)
        dk.view(blocks).addcmul_(dk_half, table)

    if plan.chunks > 1:
        blocks = (batch, heads, plan.chunks, plan.length, width)
        r_, k_, v_, dy_ = (x.view(blocks) for x in (r_, k_, v_, dy_))
        for reader, writer, exponents, future in plan.ways():
            r_hat, k_hat = r_ * reader, k_ * writer
            states = plan.scan(k_hat.mT @ v_, future)  # read by r̂
            gradients = plan.scan(r_hat.mT @ dy_, not future)  # the readers of k̂
            dr_hat, dk_hat = dy_ @ states.mT, v_ @ gradients.mT
            dr.view(blocks).addcmul_(dr_hat, reader)
            dk.view(blocks).addcmul_(dk_hat, writer)
            dv.view(blocks).add_(k_hat @ gradients)
            turns = (r_hat * dr_hat).sum((0, 2)) * exponents + (k_hat * dk_hat).sum((0, 2)) * exponents.flip(0)
            through = (states * gradients).sum((0, 2, 4))
            d_log_w = d_log_w + turns.sum(1) + plan.length * plan.step[..., 0] * through

    dr, dk, dv = (x[:, :, : plan.tokens].to(r.dtype).contiguous() for x in (dr, dk, dv))
    d_omega, du = (x.to(omega.dtype).contiguous() for x in (-plan.rate * d_log_w, du))
    return dr, dk, dv, d_omega, du
