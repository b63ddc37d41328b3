"""Bi-WKV by its definition, as the sum over all pairs and as a recurrence: slow, the reference of every other form.

    y_t = r_t · ( diag(u) k_tᵀv_t + Σ_{i<t} diag(w)^{t-1-i} k_iᵀv_i + Σ_{i>t} diag(w)^{i-t-1} k_iᵀv_i ), w = exp(-e^ω)

Equation 5 of the paper in both directions, in float64 and in plain torch operations, which autograd differentiates.
"""

import torch
from torch import Tensor


def _decay(omega: Tensor, exponents: Tensor) -> Tensor:
    """w^j = exp(-j·e^ω), (H, *exponents.shape, D); 1 where j = 0 whatever ω."""
    rate = omega.double().clamp(max=700.0).exp()  # float64 overflows at 709
    j = exponents.to(torch.float64)[..., None]
    return torch.exp(-j * rate.reshape(rate.shape[0], *(1,) * exponents.ndim, rate.shape[1]))


def pairwise(r: Tensor, k: Tensor, v: Tensor, omega: Tensor, u: Tensor, bidirectional: bool = True) -> Tensor:
    """The sum over all pairs, N²·D work and memory, float64: r, k, v (B, H, N, D); omega, u (H, D) -> (B, H, N, D)."""
    r, k, v, u = r.double(), k.double(), v.double(), u.double()
    t = torch.arange(r.shape[2], device=r.device)
    distance = t[:, None] - t
    weights = _decay(omega, (distance.abs() - 1).clamp(min=0))  # (H, N, N, D)
    weights = torch.where((distance == 0)[..., None], u[:, None, None], weights)
    if not bidirectional:
        weights = weights.masked_fill((distance < 0)[..., None], 0.0)
    scores = torch.einsum("bhtd,htid,bhid->bhti", r, weights, k)
    if bidirectional:
        return scores @ v
    terms = scores[..., None] * v[:, :, None]
    return terms.masked_fill((distance < 0)[..., None], 0.0).sum(-2)  # not 0·NaN before a NaN


def recurrence(r: Tensor, k: Tensor, v: Tensor, omega: Tensor, u: Tensor, bidirectional: bool = True) -> Tensor:
    """One token at a time with a (D, D) state, float64, one direction after the other."""
    r, k, v, u = r.double(), k.double(), v.double(), u.double()
    w = _decay(omega, torch.ones((), device=r.device)).unsqueeze(-1)  # (H, D, 1)
    y = [torch.zeros_like(v[:, :, 0]) for _ in range(v.shape[2])]
    for reverse in (False, True)[: 1 + bidirectional]:
        state = torch.zeros(*v.shape[:2], k.shape[-1], v.shape[-1], dtype=v.dtype, device=v.device)
        for t in range(v.shape[2])[:: -1 if reverse else 1]:
            outer = k[:, :, t, :, None] * v[:, :, t, None, :]
            seen = state if reverse else state + u[..., None] * outer
            y[t] = y[t] + (r[:, :, t, None, :] @ seen)[:, :, 0]
            state = w * state + outer
    return torch.stack(y, 2) if y else torch.zeros_like(v)


def forward(r: Tensor, k: Tensor, v: Tensor, omega: Tensor, u: Tensor, bidirectional: bool) -> Tensor:
    """`pairwise` in r's dtype."""
    return pairwise(r, k, v, omega, u, bidirectional).to(r.dtype)


def backward(
    r: Tensor, k: Tensor, v: Tensor, omega: Tensor, u: Tensor, dy: Tensor, bidirectional: bool
) -> tuple[Tensor, ...]:
    """dr, dk, dv, dω, du of `pairwise` at dy, by autograd."""
    inputs = [x.detach().requires_grad_() for x in (r, k, v, omega, u)]
    with torch.enable_grad():
        y = pairwise(*inputs, bidirectional)
    return tuple(x.contiguous() for x in torch.autograd.grad(y, inputs, dy.double()))
