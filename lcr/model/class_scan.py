"""The recurrence of an LCR unit for the class token alone, with its own backward pass.

Where nothing reads the patch tokens' gates (see `lcr.model.lcr`), a unit's step is a dozen products with a handful of
rows each, and autograd's bookkeeping costs more than they do. Here the steps run without it; the backward pass goes
through time by hand and takes each weight's gradient in one product over all frames. It equals the unit's plain steps
(`CrossRWKV.forward`, `cell`), against which it is tested, to rounding.

Each LayerNorm's scale and shift before a linear layer are folded into that layer, outside, where autograd sees it.
"""

from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

NORM = torch.ops.aten.native_layer_norm
NORM_BACKWARD = torch.ops.aten.native_layer_norm_backward
EPS = 1e-5


class Weights(NamedTuple):
    """What the steps multiply by; each matrix (out, in) as `F.linear` has it."""

    past: Tensor  # (C, C) CauConv's part of h_{t-1}
    r: Tensor  # (C, C), with the bias below: eq. 2 on the plain-normalised z
    r_bias: Tensor
    g: Tensor  # (C, C)
    g_bias: Tensor
    scale: Tensor  # (C,) of the LayerNorm on each head (eq. 4)
    shift: Tensor  # (C,)
    a: Tensor  # (C, C) W_a
    r2: Tensor  # (C, C) R' of eq. 6, on the plain-normalised s
    r2_bias: Tensor
    k2: Tensor  # (4C, C)
    k2_bias: Tensor
    v2: Tensor  # (C, 4C)


class Kept(NamedTuple):
    """What the backward pass needs of one frame; names as in `_Scan.forward`."""

    h: Tensor
    z: Tensor
    z_mean: Tensor
    z_rstd: Tensor
    z_norm: Tensor
    r: Tensor
    g: Tensor
    p: Tensor
    y: Tensor
    y_mean: Tensor
    y_rstd: Tensor
    y_norm: Tensor
    n: Tensor
    silu: Tensor
    m: Tensor
    s: Tensor
    s_mean: Tensor
    s_rstd: Tensor
    s_norm: Tensor
    r2: Tensor
    k2: Tensor
    q: Tensor
    v2: Tensor
    tanh_a: Tensor
    sigmoid_a: Tensor
    opened: Tensor
    sum_c: Tensor
    tanh_c: Tensor


def _norm_backward(grad: Tensor, x: Tensor, mean: Tensor, rstd: Tensor) -> Tensor:
    return NORM_BACKWARD(grad, x, [x.shape[-1]], mean, rstd, None, None, [True, False, False])[0]


class _Scan(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        k: Tensor,
        v: Tensor,
        gate: Tensor | None,
        h: Tensor,
        c: Tensor,
        keep_c: bool,
        *weights: Tensor,
    ) -> tuple[Tensor, Tensor]:
        w = Weights(*weights)
        times, batch, width = x.shape
        heads, tokens, head_width = k.shape[2:]
        # (T, B·H, N, D): each head of each clip is one small problem.
        k, v = (part.reshape(times, batch * heads, tokens, head_width) for part in (k, v))
        kept: list[Kept] = []
        outputs, cells = [], []
        for t in range(times):
            z = torch.addmm(x[t], h, w.past.t())
            z_norm, *z_stats = NORM(z, [width], None, None, EPS)
            r = torch.addmm(w.r_bias, z_norm, w.r.t()).view(batch * heads, 1, head_width)
            g = torch.addmm(w.g_bias, z_norm, w.g.t())
            p = torch.bmm(r, k[t].transpose(1, 2))
            y = torch.bmm(p, v[t])  # (B·H, 1, D), eq. 5 read by the class token
            y_norm, *y_stats = NORM(y, [head_width], None, None, EPS)
            n = torch.addcmul(w.shift, y_norm.view(batch, width), w.scale)
            silu = F.silu(g)
            m = silu * n
            s = torch.addmm(z, m, w.a.t())
            s_norm, *s_stats = NORM(s, [width], None, None, EPS)
            r2 = torch.addmm(w.r2_bias, s_norm, w.r2.t()).sigmoid_()
            k2 = torch.addmm(w.k2_bias, s_norm, w.k2.t()).relu_()
            q = k2.square()
            v2 = torch.mm(q, w.v2.t())
            a = torch.addcmul(s, r2, v2)
            tanh_a, sigmoid_a = a.tanh(), a.sigmoid()
            opened = sigmoid_a if gate is None else gate[t]
            sum_c = tanh_a + c
            c_new = opened * sum_c
            if keep_c:
                c_new = c_new + c
            tanh_c = c_new.tanh()
            kept.append(
                Kept(h, z, *z_stats, z_norm, r, g, p, y, *y_stats, y_norm, n, silu, m, s, *s_stats, s_norm,
                     r2, k2, q, v2, tanh_a, sigmoid_a, opened, sum_c, tanh_c)
            )  # fmt: skip
            h, c = tanh_c * sigmoid_a, c_new
            outputs.append(h)
            cells.append(c)
        ctx.save_for_backward(k, v, *weights)
        ctx.kept, ctx.keep_c, ctx.gated, ctx.heads = kept, keep_c, gate is not None, heads
        return torch.stack(outputs), torch.stack(cells)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_h: Tensor, grad_c: Tensor) -> tuple[Tensor | None, ...]:
        k, v, *weights = ctx.saved_tensors
        w = Weights(*weights)
        times, batch, width = grad_h.shape
        head_width = k.shape[-1]
        dh, dc = torch.zeros_like(grad_h[0]), torch.zeros_like(grad_c[0])
        grads: list[tuple[Tensor, ...]] = []
        for t in reversed(range(times)):
            f: Kept = ctx.kept[t]
            dh = dh + grad_h[t]
            dc = dc + grad_c[t] + dh * f.sigmoid_a * (1 - f.tanh_c * f.tanh_c)
            d_sigmoid = dh * f.tanh_c
            d_opened = dc * f.sum_c
            d_sum = dc * f.opened
            if not ctx.gated:
                d_sigmoid = d_sigmoid + d_opened
            da = d_sum * (1 - f.tanh_a * f.tanh_a) + d_sigmoid * f.sigmoid_a * (1 - f.sigmoid_a)
            dc = d_sum + dc if ctx.keep_c else d_sum
            d_v2 = da * f.r2
            d_r2 = da * f.v2 * f.r2 * (1 - f.r2)
            d_k2 = torch.mm(d_v2, w.v2) * f.k2 * 2
            ds_norm = torch.addmm(torch.mm(d_r2, w.r2), d_k2, w.k2)
            ds = da + _norm_backward(ds_norm, f.s, f.s_mean, f.s_rstd)
            dm = torch.mm(ds, w.a)
            dn = dm * f.silu
            dg = torch.ops.aten.silu_backward(dm * f.n, f.g)
            dy = _norm_backward((dn * w.scale).view_as(f.y), f.y, f.y_mean, f.y_rstd)
            dp = torch.bmm(dy, v[t].transpose(1, 2))
            dr = torch.bmm(dp, k[t])
            dr_rows = dr.view(batch, width)
            dz_norm = torch.addmm(torch.mm(dr_rows, w.r), dg, w.g)
            dz = ds + _norm_backward(dz_norm, f.z, f.z_mean, f.z_rstd)
            dh = torch.mm(dz, w.past)
            grads.append((dz, dr_rows, dg, dn, ds, d_r2, d_k2, d_v2, dp, dy, d_opened))
        grads.reverse()
        # (T, …) of each, and then every weight in one product over all frames.
        dz, dr, dg, dn, ds, d_r2, d_k2, d_v2, dp, dy, d_opened = (
            torch.stack(parts) for parts in zip(*grads, strict=True)
        )
        used = ((f.h, f.z_norm, f.r, f.p, f.y_norm, f.m, f.s_norm, f.q) for f in ctx.kept)
        h, z_norm, r, p, y_norm, m, s_norm, q = (torch.stack(parts) for parts in zip(*used, strict=True))

        def rows(part: Tensor) -> Tensor:
            return part.reshape(times * batch, -1)

        def product(left: Tensor, right: Tensor) -> Tensor:
            return rows(left).t() @ rows(right)

        def total(part: Tensor) -> Tensor:
            return rows(part).sum(0)

        dk = (dp.transpose(2, 3) * r).view(times, batch, ctx.heads, -1, head_width)
        dv = (p.transpose(2, 3) * dy).view(times, batch, ctx.heads, -1, head_width)
        d_weights = Weights(
            past=product(dz, h),
            r=product(dr, z_norm),
            r_bias=total(dr),
            g=product(dg, z_norm),
            g_bias=total(dg),
            scale=total(dn * y_norm.view(times, batch, width)),
            shift=total(dn),
            a=product(ds, m),
            r2=product(d_r2, s_norm),
            r2_bias=total(d_r2),
            k2=product(d_k2, s_norm),
            k2_bias=total(d_k2),
            v2=product(d_v2, q),
        )
        return dz, dk, dv, d_opened if ctx.gated else None, dh, dc, None, *d_weights


def class_scan(
    x: Tensor, k: Tensor, v: Tensor, gate: Tensor | None, h: Tensor, c: Tensor, keep_c: bool, weights: Weights
) -> tuple[Tensor, Tensor]:
    """Runs a unit's class token over all frames.

    Args:
        x: (T, B, C), each frame's part of the causal convolution.
        k: (T, B, H, N, D), keys decayed as seen from the class token.
        v: (T, B, H, N, D).
        gate: (T, B, C), what opens the cell (σ(x^e), or x^e in the literal reading); None for σ(A_t).
        h: (B, C), the state before the first frame.
        c: (B, C), likewise.
        keep_c: whether C_{t-1} is added a second time, as eq. 10 is printed.
        weights: the unit's, with its norms folded in.

    Returns:
        H_t = O_t and C_t of all frames, each (T, B, C).
    """
    return _Scan.apply(x, k, v, gate, h, c, keep_c, *weights)
