"""Bi-WKV as products of small matrices, without a division, for any device and dtype that torch has.

Tokens go in chunks of L. The table P[j] = exp(-j·e^ω) has exponents j ≥ 0 only, so nothing overflows however fast the
decay (the usual form divides k by w^i and leaves float32 at ω ≈ 0.34). Tokens of different chunks meet in a state,

    S_f[n] = Σ_{i < t0} w^{t0-1-i} k_iᵀv_i        S_b[n] = Σ_{i >= t1} w^{i-t1} k_iᵀv_i        chunk n = [t0, t1)

which one product R̂·[S_f; S_b] reads, R̂ = [R⊙P[t-t0] | R⊙P[t1-1-t]]. A pair inside a chunk meets at the one dyadic
midpoint s that separates it: t ≥ s > i gives w^{t-s}·w^{s-1-i}, and the mirror image has the same table. The own token
counts once, with u.

The backward pass keeps the inputs only. G, the states of (r, dy), give dk and dv as S gives dr and y.
"""

import functools

import torch
from torch import Tensor

CHUNK = 32  # tokens a chunk; 64 would double the work inside chunks to halve the number of states
WHOLE = 64  # up to here one chunk, without states, is less work than padding to two
OMEGA_MAX = 80.0  # e^90 overflows float32 and 0·inf is NaN; at 80 w is 0 to all digits, and so is every derivative


@functools.lru_cache(maxsize=32)
def _pairs(length: int, bidirectional: bool, device: torch.device) -> tuple[Tensor, Tensor]:
    """Dyadic exponents (levels, L) and masks (levels, L, L): which pair of tokens is separated at which level."""
    t = torch.arange(length, device=device)
    exponents, masks = [], []
    for level in range(max(length - 1, 0).bit_length()):
        half = 1 << level
        middle = t // (2 * half) * (2 * half) + half
        exponents.append(torch.where(t >= middle, t - middle, middle - 1 - t))
        separated = (t[:, None] // (2 * half) == t // (2 * half)) & (t[:, None] // half != t // half)
        masks.append(separated if bidirectional else separated & (t[:, None] > t))
    if not masks:  # a single token meets no other
        return t.new_zeros(0, length), t.new_zeros(0, length, length, dtype=torch.bool)
    return torch.stack(exponents), torch.stack(masks)


class _Plan:
    """The chunk length, the decay tables and the two halves (past | future) of the states for one call."""

    def __init__(self, tokens: int, omega: Tensor, bidirectional: bool, dtype: torch.dtype):
        device = omega.device
        self.length = tokens if tokens <= WHOLE else CHUNK
        self.chunks = -(-tokens // self.length)
        self.padding = self.chunks * self.length - tokens
        self.exponents, self.masks = _pairs(self.length, bidirectional, device)
        # in float64: a rounded P[L] would be raised to the number of chunks
        rate = omega.double().clamp(max=OMEGA_MAX).exp()  # (H, D)
        table = torch.exp(-rate[:, None] * torch.arange(self.length + 1, device=device)[:, None])  # (H, L+1, D)
        self.pair_table = table[:, self.exponents].to(dtype)  # (H, levels, L, D)
        self.after = table[:, None, :-1].to(dtype)  # P[t-t0], (H, 1, L, D)
        self.before = self.after.flip(2)  # P[t1-1-t]
        step = table[:, -1, :, None]  # P[L], (H, D, 1)
        self.step = step.to(dtype)
        self.step_rest = (step - self.step).to(dtype)  # P[L] to twice the digits
        self.rate, self.dtype, self.bidirectional = rate, dtype, bidirectional

    def split(self, x: Tensor) -> Tensor:
        """(B, H, N, D) -> (B, H, chunks, L, D), in the working dtype, zeros after the last token."""
        x = x.to(self.dtype)
        if self.padding:
            x = torch.nn.functional.pad(x, (0, 0, 0, self.padding))
        return x.reshape(*x.shape[:2], self.chunks, self.length, x.shape[-1])

    def join(self, x: Tensor, tokens: int) -> Tensor:
        return x.reshape(*x.shape[:2], -1, x.shape[-1])[:, :, :tokens]

    def scan(self, products: Tensor, reverse: bool) -> Tensor:
        """States before each chunk (after it, if reverse) from the products (B, H, chunks, D, D) of each chunk."""
        order = range(self.chunks - 1, -1, -1) if reverse else range(self.chunks)
        states = torch.empty_like(products)
        state = torch.zeros_like(products[:, :, 0])
        for n in order:
            states[:, :, n] = state
            rest = torch.addcmul(products[:, :, n], state, self.step_rest)
            state = torch.addcmul(rest, state, self.step)
        return states

    def states(self, k: Tensor, v: Tensor, transposed: bool) -> tuple[Tensor, Tensor]:
        """k̂ = [k⊙… | k⊙…] (.., L, sD) and the states (.., sD, D) that r̂ reads; s = 2, or 1 when unidirectional.

        transposed: the states that a token's key sees, those of the tokens that read it (past and future swapped).
        """
        past, future = (k * self.before, False), (k * self.after, True)
        ways = [past, future] if self.bidirectional else [future if transposed else past]
        if transposed and self.bidirectional:
            ways = [future, past]
        products = [(x.transpose(-1, -2) @ v, reverse) for x, reverse in ways]
        return torch.cat([x for x, _ in ways], -1), torch.cat([self.scan(p, reverse) for p, reverse in products], -2)

    def halves(self) -> list[tuple[Tensor, Tensor, Tensor]]:
        """Per half of the states: what r is scaled by, what k is scaled by, the reader's exponents t-t0 or t1-1-t."""
        ahead = torch.arange(self.length, device=self.rate.device, dtype=self.dtype)[:, None]
        both = [(self.after, self.before, ahead), (self.before, self.after, ahead.flip(0))]
        return both if self.bidirectional else both[:1]


def _scores(plan: _Plan, r: Tensor, k: Tensor, u: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Scores inside each chunk (B, H, chunks, L, L), and r and k at each dyadic level (.., levels, L, D)."""
    table = plan.pair_table[:, None]
    r_levels, k_levels = r.unsqueeze(-3) * table, k.unsqueeze(-3) * table
    scores = (r_levels @ k_levels.transpose(-1, -2)).masked_fill_(~plan.masks, 0).sum(-3)
    own = (r * k * u[:, None, None].to(r.dtype)).sum(-1)
    return scores + torch.diag_embed(own), r_levels, k_levels


def forward(r: Tensor, k: Tensor, v: Tensor, omega: Tensor, u: Tensor, bidirectional: bool) -> Tensor:
    """y of `lcr.wkv.bi_wkv`; works in float64 if r is float64, else in float32."""
    if r.numel() == 0:
        return r.new_empty(r.shape)
    tokens = r.shape[2]
    plan = _Plan(tokens, omega, bidirectional, torch.promote_types(r.dtype, torch.float32))
    r_, k_, v_ = plan.split(r), plan.split(k), plan.split(v)
    y = _scores(plan, r_, k_, u)[0] @ v_
    if plan.chunks > 1:
        _, states = plan.states(k_, v_, transposed=False)
        y += torch.cat([r_ * reader for reader, _, _ in plan.halves()], -1) @ states
    return plan.join(y, tokens).to(r.dtype).contiguous()


def backward(
    r: Tensor, k: Tensor, v: Tensor, omega: Tensor, u: Tensor, dy: Tensor, bidirectional: bool
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """dr, dk, dv, dω, du of `forward` at dy."""
    if r.numel() == 0:
        return tuple(x.new_zeros(x.shape) for x in (r, k, v, omega, u))  # type: ignore[return-value]
    tokens = r.shape[2]
    plan = _Plan(tokens, omega, bidirectional, torch.promote_types(r.dtype, torch.float32))
    r_, k_, v_, dy_ = plan.split(r), plan.split(k), plan.split(v), plan.split(dy)
    scale = u[:, None, None].to(plan.dtype)

    scores, r_levels, k_levels = _scores(plan, r_, k_, u)
    d_scores = dy_ @ v_.transpose(-1, -2)
    d_own = d_scores.diagonal(dim1=-2, dim2=-1).unsqueeze(-1)
    d_pairs = d_scores.unsqueeze(-3).masked_fill(~plan.masks, 0)
    table = plan.pair_table[:, None]
    dr_levels, dk_levels = d_pairs @ k_levels, d_pairs.transpose(-1, -2) @ r_levels
    dr = (dr_levels * table).sum(-3) + scale * k_ * d_own
    dk = (dk_levels * table).sum(-3) + scale * r_ * d_own
    dv = scores.transpose(-1, -2) @ dy_
    du = (r_ * k_ * d_own).sum((0, 2, 3))
    # Σ exponent · term: every term has its own exponent, nothing cancels
    turns = (r_levels * dr_levels + k_levels * dk_levels).sum((0, 2))  # (H, levels, L, D)
    d_log_w = (turns * plan.exponents[..., None]).sum((1, 2))

    if plan.chunks > 1:
        _, states = plan.states(k_, v_, transposed=False)
        _, gradients = plan.states(r_, dy_, transposed=True)
        dr_hat = dy_ @ states.transpose(-1, -2)
        dk_hat = v_ @ gradients.transpose(-1, -2)
        width = k.shape[-1]
        k_hat = []
        for half, (reader, writer, ahead) in enumerate(plan.halves()):
            part = slice(half * width, (half + 1) * width)
            r_hat, dr_part, dk_part = r_ * reader, dr_hat[..., part], dk_hat[..., part]
            k_hat.append(k_ * writer)
            dr += reader * dr_part
            dk += writer * dk_part
            d_log_w += (ahead * r_hat * dr_part + ahead.flip(0) * k_hat[-1] * dk_part).sum((0, 2, 3))
            through = (states[..., part, :] * gradients[..., part, :]).sum((0, 2, 4))
            d_log_w += plan.length * plan.step[..., 0] * through
        dv += torch.cat(k_hat, -1) @ gradients

    d_omega = (-plan.rate * d_log_w).to(omega.dtype)
    dr, dk, dv = (plan.join(x, tokens).to(r.dtype).contiguous() for x in (dr, dk, dv))
    return dr, dk, dv, d_omega, du.to(u.dtype)
