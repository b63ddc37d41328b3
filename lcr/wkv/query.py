"""Bi-WKV for one query token: y at one position needs no states, only keys weighted by their distance to it."""

import torch
from torch import Tensor

OMEGA_MAX = 80.0  # e^90 overflows float32 and 0·inf is NaN; at 80 w is 0 to all digits, and so is every derivative


def decayed_keys(k: Tensor, omega: Tensor, u: Tensor, position: int = -1, bidirectional: bool = True) -> Tensor:
    """Keys k̂ (..., H, N, D) with `bi_wkv(r, k, v, omega, u)[..., position, :] = (r_position k̂ᵀ) v`.

    k (..., H, N, D), any leading dimensions; omega, u (H, D). k̂_i = k_i ⊙ w^{|position-i|-1}, u at i = position, and 0
    after it when unidirectional. Where the query comes later than keys and values, k̂ is computed once for all frames.
    Raises ValueError for shapes that do not fit and for a position outside the tokens.
    """
    if k.ndim < 3 or omega.shape != (k.shape[-3], k.shape[-1]) or u.shape != omega.shape:
        raise ValueError(
            f"decayed_keys: k {tuple(k.shape)}, omega {tuple(omega.shape)} and u {tuple(u.shape)}; "
            "expected (..., H, N, D), (H, D) and (H, D)"
        )
    tokens = k.shape[-2]
    if not -tokens <= position < tokens:
        raise ValueError(f"decayed_keys: position {position} is outside the {tokens} tokens of k {tuple(k.shape)}")
    distance = torch.arange(tokens, device=k.device)[:, None] - position % tokens
    exponents = (distance.abs() - 1).clamp(min=0).to(omega.dtype)
    decay = torch.exp(-exponents * omega.clamp(max=OMEGA_MAX).exp()[:, None])  # (H, N, D)
    decay = torch.where(distance == 0, u[:, None], decay)
    if not bidirectional:
        decay = decay.masked_fill(distance > 0, 0.0)
    return k * decay
