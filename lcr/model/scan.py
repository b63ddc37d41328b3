"""The recurrence of one layer over all frames (eq. 2-8, 10-11), with a backward pass written by hand: the fast path.

The reference is `CrossRWKV.forward` and `lcr.model.cell.cell`, frame by frame. The scan replaces them where
`ModelConfig.scans`, and `lcr.model.selfcheck.check_paths` compares the two at the start of every training: an edit of
the mathematics there needs the same edit here.

Most of a frame's work is some dozens of operators on small tensors, and autograd's bookkeeping costs as much as they
do. Here the steps run without autograd. The backward pass goes back through the frames and takes each weight's gradient
in one product over all frames.
"""

from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

from lcr.model.q_shift import Shift, gather
from lcr.wkv import bi_wkv

NORM = torch.ops.aten.native_layer_norm
NORM_BACKWARD = torch.ops.aten.native_layer_norm_backward
EPS = 1e-5


class Weights(NamedTuple):
    """Weights of a layer's recurrence; matrices are (out, in), C = the width, H heads of D = C / H channels."""

    taps: Tensor  # (K, C), CauConv's kernel on H_{t-1}: along the tokens, the present token last (eq. 2)
    past: Tensor  # (C, C), CauConv's pointwise layer
    z_scale: Tensor  # (C,), the LayerNorm before R and G
    z_shift: Tensor
    mix_r: Tensor  # (C,)
    mix_g: Tensor
    w_r: Tensor  # (C, C)
    w_g: Tensor
    omega: Tensor  # (H, D), decay and bonus of the Bi-WKV (eq. 5)
    u: Tensor
    y_scale: Tensor  # (C,), scale and shift of the norm on each head (eq. 4)
    y_shift: Tensor
    w_a: Tensor  # (C, C)
    s_scale: Tensor  # (C,), the LayerNorm before the channel mix
    s_shift: Tensor
    mix_s: Tensor  # (C,), eq. 6
    w_r2: Tensor  # (C, C)
    w_k2: Tensor  # (4C, C)
    w_v2: Tensor  # (C, 4C), eq. 7


class Plan(NamedTuple):
    """The switches of a scan.

    shift: Q-Shift of the frame's tokens; None for the class token only, whose keys are decayed beforehand.
    literal: without an edge prompt, whether the factor of eq. 10 is A_t instead of σ(A_t).
    adds_c: whether eq. 10 adds C_{t-1} a second time, as printed.
    """

    shift: Shift | None
    bidirectional: bool
    literal: bool
    adds_c: bool


class _Past:
    """The part of CauConv that reads H_{t-1} (rows, C), and its transpose."""

    def __init__(self, taps: Tensor, batch: int) -> None:
        self.taps, self.batch = taps, batch

    def __call__(self, h: Tensor) -> Tensor:
        *earlier, own = self.taps
        mixed, tokens = own * h, h.view(self.batch, -1, h.shape[-1])
        out = mixed.view_as(tokens)
        for back, tap in zip(range(len(earlier), 0, -1), earlier, strict=True):
            out[:, back:].addcmul_(tokens[:, :-back], tap)
        return mixed

    def transposed(self, grad: Tensor) -> Tensor:
        *earlier, own = self.taps
        mixed, tokens = own * grad, grad.view(self.batch, -1, grad.shape[-1])
        out = mixed.view_as(tokens)
        for back, tap in zip(range(len(earlier), 0, -1), earlier, strict=True):
            out[:, :-back].addcmul_(tokens[:, back:], tap)
        return mixed

    def gradient(self, grads: Tensor, hs: Tensor) -> Tensor:
        """dtaps (K, C) from the gradients of all outputs and all H_{t-1}, both (T, B, M, C)."""
        last = len(self.taps) - 1
        parts = [(grads[:, :, back:] * hs[:, :, : hs.shape[2] - back]).sum((0, 1, 2)) for back in range(last, -1, -1)]
        return torch.stack(parts)


def _norm_backward(grad: Tensor, x: Tensor, stats: tuple[Tensor, Tensor], weight: Tensor | None = None) -> Tensor:
    return NORM_BACKWARD(grad, x, [x.shape[-1]], *stats, weight, weight, [True, False, False])[0]


class _Scan(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, x: Tensor, k: Tensor, v: Tensor, gate: Tensor | None, h: Tensor, c: Tensor, plan: Plan, *given: Tensor
    ) -> tuple[Tensor, Tensor]:
        w = Weights(*given)
        times, batch, tokens, width = x.shape
        heads, head_width = w.omega.shape
        rows, one = batch * tokens, plan.shift is None
        past = _Past(w.taps, batch)
        x, h, c = x.reshape(times, rows, width), h.reshape(rows, width), c.reshape(rows, width)
        gate = None if gate is None else gate.reshape(times, rows, width)
        if one:  # each head of each clip is one small problem
            k, v = (part.reshape(times, batch * heads, -1, head_width) for part in (k, v))
        saved, outputs, cells = [], [], []
        for t in range(times):
            mixed = past(h)
            z = torch.addmm(x[t], mixed, w.past.t())
            zn, *z_stats = NORM(z, [width], w.z_scale, w.z_shift, EPS)
            zd = sd = p = None
            to_r = to_g = zn
            if not one:
                zd = gather(zn, *plan.shift.forward).sub_(zn)
                to_r, to_g = torch.addcmul(zn, zd, w.mix_r), torch.addcmul(zn, zd, w.mix_g)
            r, g = torch.mm(to_r, w.w_r.t()), torch.mm(to_g, w.w_g.t())
            if one:
                r = r.view(batch * heads, 1, head_width)
                p = torch.bmm(r, k[t].transpose(1, 2))
                y = torch.bmm(p, v[t])
            else:
                r = r.view(batch, tokens, heads, head_width).transpose(1, 2)
                y = bi_wkv(r, k[t], v[t], w.omega, w.u, bidirectional=plan.bidirectional)
            yn, *y_stats = NORM(y, [head_width], None, None, EPS)
            yn = yn.view(batch, heads, tokens, head_width).transpose(1, 2).reshape(rows, width)
            n = torch.addcmul(w.y_shift, yn, w.y_scale)
            silu = F.silu(g)
            m = silu * n
            s = torch.addmm(z, m, w.w_a.t())
            sn, *s_stats = NORM(s, [width], w.s_scale, w.s_shift, EPS)
            to_c = sn
            if not one:
                sd = gather(sn, *plan.shift.forward).sub_(sn)
                to_c = torch.addcmul(sn, sd, w.mix_s)
            r2, k2 = torch.mm(to_c, w.w_r2.t()).sigmoid_(), torch.mm(to_c, w.w_k2.t()).relu_()
            q = k2.square()
            v2 = torch.mm(q, w.w_v2.t())
            a = torch.addcmul(s, r2, v2)
            tanh_a, sigmoid_a = a.tanh(), a.sigmoid()
            opened = (a if plan.literal else sigmoid_a) if gate is None else gate[t]
            sum_c = tanh_a + c
            c_new = torch.addcmul(c, opened, sum_c) if plan.adds_c else opened * sum_c
            tanh_c = c_new.tanh()
            saved.append((h, mixed, z, *z_stats, zn, zd, to_r, to_g, r, p, g, y, *y_stats, yn, n, silu, m, s, *s_stats,
                          sd, to_c, r2, k2, q, v2, tanh_a, sigmoid_a, opened, sum_c, tanh_c))  # fmt: skip
            h, c = tanh_c * sigmoid_a, c_new
            outputs.append(h)
            cells.append(c)
        ctx.save_for_backward(k, v, *given)
        ctx.saved, ctx.plan, ctx.gated, ctx.shape = saved, plan, gate is not None, (times, batch, tokens, width)
        return tuple(torch.stack(part).view(ctx.shape) for part in (outputs, cells))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_h: Tensor, grad_c: Tensor) -> tuple[Tensor | None, ...]:
        k, v, *given = ctx.saved_tensors
        w, plan = Weights(*given), ctx.plan
        times, batch, tokens, width = ctx.shape
        heads, head_width = w.omega.shape
        rows, one = batch * tokens, plan.shift is None
        past = _Past(w.taps, batch)
        grad_h, grad_c = grad_h.reshape(times, rows, width), grad_c.reshape(times, rows, width)
        dh, dc = torch.zeros_like(grad_h[0]), torch.zeros_like(grad_c[0])
        kept: list[tuple[Tensor | None, ...]] = []
        for t in reversed(range(times)):
            (h, mixed, z, z_mean, z_rstd, _, zd, to_r, to_g, r, p, g, y, y_mean, y_rstd, yn, n, silu, m, s, s_mean,
             s_rstd, sd, to_c, r2, k2, q, v2, tanh_a, sigmoid_a, opened, sum_c, tanh_c) = ctx.saved[t]  # fmt: skip
            dh = dh + grad_h[t]
            dc = dc + grad_c[t] + dh * sigmoid_a * (1 - tanh_c * tanh_c)
            d_sigmoid, d_opened, d_sum = dh * tanh_c, dc * sum_c, dc * opened
            if not ctx.gated and not plan.literal:
                d_sigmoid = d_sigmoid + d_opened
            da = d_sum * (1 - tanh_a * tanh_a) + d_sigmoid * sigmoid_a * (1 - sigmoid_a)
            if not ctx.gated and plan.literal:
                da = da + d_opened
            dc = d_sum + dc if plan.adds_c else d_sum
            dv2, dr2 = da * r2, da * v2 * r2 * (1 - r2)
            dk2 = torch.mm(dv2, w.w_v2) * k2 * 2
            dsn = d_to_c = torch.addmm(torch.mm(dr2, w.w_r2), dk2, w.w_k2)
            if not one:
                back = d_to_c * w.mix_s
                dsn = d_to_c + gather(back, *plan.shift.backward).sub_(back)
            ds = da + _norm_backward(dsn, s, (s_mean, s_rstd), w.s_scale)
            dm = torch.mm(ds, w.w_a)
            dn, dg = dm * silu, torch.ops.aten.silu_backward(dm * n, g)
            dyn = (dn * w.y_scale).view(batch, tokens, heads, head_width).transpose(1, 2).reshape(y.shape)
            dy = _norm_backward(dyn, y, (y_mean, y_rstd))
            dk = dv = d_omega = d_u = dp = None
            if one:
                dp = torch.bmm(dy, v[t].transpose(1, 2))
                dr = torch.bmm(dp, k[t]).view(rows, width)
            else:
                dr, dk, dv, d_omega, d_u = torch.ops.lcr.bi_wkv_backward(
                    r, k[t], v[t], w.omega, w.u, dy, plan.bidirectional, "auto"
                )
                dr = dr.transpose(1, 2).reshape(rows, width)
            d_to_r, d_to_g = torch.mm(dr, w.w_r), torch.mm(dg, w.w_g)
            dzn = d_to_r + d_to_g
            if not one:
                back = torch.addcmul(d_to_r * w.mix_r, d_to_g, w.mix_g)
                dzn = dzn.add_(gather(back, *plan.shift.backward).sub_(back))
            dz = ds + _norm_backward(dzn, z, (z_mean, z_rstd), w.z_scale)
            d_mixed = torch.mm(dz, w.past)
            dh = past.transposed(d_mixed)
            kept.append((dz, d_mixed, dzn, d_to_r, d_to_g, dr, dg, dn, ds, dsn, d_to_c, dr2, dk2, dv2, dp, dy,
                         d_opened, dk, dv, d_omega, d_u))  # fmt: skip
        kept.reverse()

        def stacked(*lists: tuple[Tensor | None, ...]) -> list[Tensor | None]:
            # each (T, …), so that every weight's gradient is one product over all frames
            return [None if parts[0] is None else torch.stack(parts) for parts in lists]

        (h, mixed, z, z_mean, z_rstd, _, zd, to_r, to_g, r, p, _, _, _, _, yn, _, _, m, s, s_mean, s_rstd, sd, to_c, _,
         _, q, *_) = zip(*ctx.saved, strict=True)  # fmt: skip
        (dz, d_mixed, dzn, d_to_r, d_to_g, dr, dg, dn, ds, dsn, d_to_c, dr2, dk2, dv2, dp, dy, d_opened, dk, dv,
         d_omega, d_u) = stacked(*zip(*kept, strict=True))  # fmt: skip
        h, mixed, z, z_mean, z_rstd, zd, to_r, to_g, r, p, yn, m, s, s_mean, s_rstd, sd, to_c, q = stacked(
            *(h, mixed, z, z_mean, z_rstd, zd, to_r, to_g, r, p, yn, m, s, s_mean, s_rstd, sd, to_c, q)
        )

        def product(left: Tensor, right: Tensor) -> Tensor:
            return left.flatten(0, 1).t() @ right.flatten(0, 1)

        def total(part: Tensor | None, by: Tensor | None = None) -> Tensor | None:
            return None if part is None else (part if by is None else part * by).sum((0, 1))

        def norm_weights(grad: Tensor, x: Tensor, mean: Tensor, rstd: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
            return NORM_BACKWARD(grad, x, [width], mean, rstd, weight, weight, [False, True, True])[1:]

        if one:
            dk, dv = (
                (left.transpose(2, 3) * right).view(times, batch, heads, -1, head_width)
                for left, right in ((dp, r), (p, dy))
            )
        taps = past.gradient(d_mixed.view(ctx.shape), h.view(ctx.shape))
        z_weights = norm_weights(dzn, z, z_mean, z_rstd, w.z_scale)
        s_weights = norm_weights(dsn, s, s_mean, s_rstd, w.s_scale)
        mixes = (None,) * 3 if one else (total(d_to_r, zd), total(d_to_g, zd), total(d_to_c, sd))
        gradients = Weights(
            *(taps, product(dz, mixed), *z_weights, *mixes[:2], product(dr, to_r), product(dg, to_g)),
            *(None if part is None else part.sum(0) for part in (d_omega, d_u)),
            *(total(dn, yn), total(dn), product(ds, m), *s_weights, mixes[2]),
            *(product(dr2, to_c), product(dk2, to_c), product(dv2, q)),
        )
        shape = (batch, tokens, width)
        inputs = dz.view(ctx.shape), dk, dv, d_opened.view(ctx.shape) if ctx.gated else None
        return *inputs, dh.view(shape), dc.view(shape), None, *gradients


def scan(
    x: Tensor, k: Tensor, v: Tensor, gate: Tensor | None, h: Tensor, c: Tensor, plan: Plan, weights: Weights
) -> tuple[Tensor, Tensor]:
    """A layer's recurrence over all frames; differentiable once in every tensor.

    Args:
        x: (T, B, M, C), each frame's part of CauConv (eq. 2). M = 1 for the class token only, else N.
        k: (T, B, H, N, D), keys; decayed by their distance to the class token (`lcr.wkv.decayed_keys`) where M = 1.
        v: (T, B, H, N, D), values.
        gate: (T, B, M, C), the factor of tanh(A_t) + C_{t-1} in eq. 10: σ(x^e_t), or x^e_t in the literal reading; None
            for A_t's own.
        h: (B, M, C), H before the first frame.
        c: (B, M, C), C before the first frame.
        weights: `CrossRWKV.weights()`.

    Returns:
        H_t = O_t and C_t of all frames, each (T, B, M, C).
    """
    return _Scan.apply(x, k, v, gate, h, c, plan, *weights)
