"""The class token's recurrence over all frames (eq. 2-8, 10-11), with a backward pass written by hand: the fast path.

The reference is `CrossRWKV.forward` and `lcr.model.cell.cell`, frame by frame. The scan replaces them where
`ModelConfig.scans`, and `lcr.model.selfcheck.check_paths` compares the two at the start of every training: an edit of
the mathematics there needs the same edit here.

Where nothing reads a patch token's A_t, one frame is a dozen products of a handful of rows, and autograd's bookkeeping
costs more than the products. Here the steps run without autograd; the backward pass goes back through the frames and
takes each weight's gradient in one product over all frames.
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

NORM = torch.ops.aten.native_layer_norm
NORM_BACKWARD = torch.ops.aten.native_layer_norm_backward
EPS = 1e-5


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
        adds_c: bool,
        *weights: Tensor,
    ) -> tuple[Tensor, Tensor]:
        past, w_r, b_r, w_g, b_g, scale, shift, w_a, w_r2, b_r2, w_k2, b_k2, w_v2 = weights
        times, batch, width = x.shape
        heads, tokens, head_width = k.shape[2:]
        # (T, B·H, N, D): each head of each clip is one small problem.
        k, v = (part.reshape(times, batch * heads, tokens, head_width) for part in (k, v))
        factors, saved, outputs, cells = [], [], [], []
        for t in range(times):
            z = torch.addmm(x[t], h, past.t())
            z_norm, *z_stats = NORM(z, [width], None, None, EPS)
            r = torch.addmm(b_r, z_norm, w_r.t()).view(batch * heads, 1, head_width)
            g = torch.addmm(b_g, z_norm, w_g.t())
            p = torch.bmm(r, k[t].transpose(1, 2))
            y = torch.bmm(p, v[t])  # (B·H, 1, D), eq. 5 at the class token
            y_norm, *y_stats = NORM(y, [head_width], None, None, EPS)
            n = torch.addcmul(shift, y_norm.view(batch, width), scale)
            silu = F.silu(g)
            m = silu * n
            s = torch.addmm(z, m, w_a.t())
            s_norm, *s_stats = NORM(s, [width], None, None, EPS)
            r2 = torch.addmm(b_r2, s_norm, w_r2.t()).sigmoid_()
            k2 = torch.addmm(b_k2, s_norm, w_k2.t()).relu_()
            q = k2.square()
            v2 = torch.mm(q, w_v2.t())
            a = torch.addcmul(s, r2, v2)
            tanh_a, sigmoid_a = a.tanh(), a.sigmoid()
            opened = sigmoid_a if gate is None else gate[t]
            sum_c = tanh_a + c
            c_new = opened * sum_c
            if adds_c:
                c_new = c_new + c
            tanh_c = c_new.tanh()
            factors.append((h, z_norm, r, p, y_norm, m, s_norm, q))
            saved.append((z, *z_stats, g, y, *y_stats, n, silu, s, *s_stats, r2, k2, v2, tanh_a, sigmoid_a, opened,
                          sum_c, tanh_c))  # fmt: skip
            h, c = tanh_c * sigmoid_a, c_new
            outputs.append(h)
            cells.append(c)
        ctx.save_for_backward(k, v, *weights)
        ctx.factors, ctx.saved, ctx.adds_c, ctx.gated, ctx.heads = factors, saved, adds_c, gate is not None, heads
        return torch.stack(outputs), torch.stack(cells)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_h: Tensor, grad_c: Tensor) -> tuple[Tensor | None, ...]:
        k, v, past, w_r, _, w_g, _, scale, _, w_a, w_r2, _, w_k2, _, w_v2 = ctx.saved_tensors
        times, batch, width = grad_h.shape
        dh, dc = torch.zeros_like(grad_h[0]), torch.zeros_like(grad_c[0])
        grads: list[tuple[Tensor, ...]] = []
        for t in reversed(range(times)):
            (z, z_mean, z_rstd, g, y, y_mean, y_rstd, n, silu, s, s_mean, s_rstd, r2, k2, v2, tanh_a, sigmoid_a, opened,
             sum_c, tanh_c) = ctx.saved[t]  # fmt: skip
            dh = dh + grad_h[t]
            dc = dc + grad_c[t] + dh * sigmoid_a * (1 - tanh_c * tanh_c)
            d_sigmoid = dh * tanh_c
            d_opened = dc * sum_c
            d_sum = dc * opened
            if not ctx.gated:
                d_sigmoid = d_sigmoid + d_opened
            da = d_sum * (1 - tanh_a * tanh_a) + d_sigmoid * sigmoid_a * (1 - sigmoid_a)
            dc = d_sum + dc if ctx.adds_c else d_sum
            d_v2 = da * r2
            d_r2 = da * v2 * r2 * (1 - r2)
            d_k2 = torch.mm(d_v2, w_v2) * k2 * 2
            ds_norm = torch.addmm(torch.mm(d_r2, w_r2), d_k2, w_k2)
            ds = da + _norm_backward(ds_norm, s, s_mean, s_rstd)
            dm = torch.mm(ds, w_a)
            dn = dm * silu
            dg = torch.ops.aten.silu_backward(dm * n, g)
            dy = _norm_backward((dn * scale).view_as(y), y, y_mean, y_rstd)
            dp = torch.bmm(dy, v[t].transpose(1, 2))
            dr = torch.bmm(dp, k[t]).view(batch, width)
            dz_norm = torch.addmm(torch.mm(dr, w_r), dg, w_g)
            dz = ds + _norm_backward(dz_norm, z, z_mean, z_rstd)
            dh = torch.mm(dz, past)
            grads.append((dz, dr, dg, dn, ds, d_r2, d_k2, d_v2, dp, dy, d_opened))
        grads.reverse()
        # Each (T, …), so that every weight's gradient is one product over all frames.
        dz, dr, dg, dn, ds, d_r2, d_k2, d_v2, dp, dy, d_opened = map(torch.stack, zip(*grads, strict=True))
        h, z_norm, r, p, y_norm, m, s_norm, q = map(torch.stack, zip(*ctx.factors, strict=True))

        def product(left: Tensor, right: Tensor) -> Tensor:
            return left.reshape(times * batch, -1).t() @ right.reshape(times * batch, -1)

        def total(part: Tensor) -> Tensor:
            return part.reshape(times * batch, -1).sum(0)

        dk, dv = (
            (left.transpose(2, 3) * right).view(times, batch, ctx.heads, -1, k.shape[-1])
            for left, right in ((dp, r), (p, dy))
        )
        return (
            *(dz, dk, dv, d_opened if ctx.gated else None, dh, dc, None),
            *(product(dz, h), product(dr, z_norm), total(dr), product(dg, z_norm), total(dg)),
            *(total(dn * y_norm.view(times, batch, width)), total(dn), product(ds, m)),
            *(product(d_r2, s_norm), total(d_r2), product(d_k2, s_norm), total(d_k2), product(d_v2, q)),
        )


def class_scan(
    x: Tensor,
    k: Tensor,
    v: Tensor,
    gate: Tensor | None,
    h: Tensor,
    c: Tensor,
    adds_c: bool,
    weights: tuple[Tensor, ...],
) -> tuple[Tensor, Tensor]:
    """A unit's class token over all frames; differentiable once in every tensor.

    Args:
        x: (T, B, C), each frame's part of CauConv (eq. 2).
        k: (T, B, H, N, D), keys decayed by their distance to the class token (`lcr.wkv.decayed_keys`).
        v: (T, B, H, N, D), values.
        gate: (T, B, C), the factor of tanh(A_t) + C_{t-1} in eq. 10: σ(x^e_t), or x^e_t in the literal reading; None
            for σ(A_t).
        h: (B, C), H before the first frame.
        c: (B, C), C before the first frame.
        adds_c: whether eq. 10 adds C_{t-1} a second time, as printed.
        weights: `CrossRWKV.class_weights()`.

    Returns:
        H_t = O_t and C_t of all frames, each (T, B, C).
    """
    return _Scan.apply(x, k, v, gate, h, c, adds_c, *weights)
