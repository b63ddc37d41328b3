"""The Cross-RWKV gate (§3.2, eq. 2-8): A_t from the frame, the past and the edges.

R and G read CauConv of x_t and h_{t-1}; K and V read the edge tokens, which hold no past, so `prepare` computes K and V
for all frames at once and `forward` computes the rest frame by frame. Where nothing downstream reads the patch tokens'
A_t (`ModelConfig.cls_only`), only the class token's A_t is computed, and its Bi-WKV is one weighted sum over the keys.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lcr.model.config import ModelConfig
from lcr.model.q_shift import Mix, Shift, q_shift
from lcr.model.scan import Weights
from lcr.wkv import bi_wkv, decayed_keys


class Ready(NamedTuple):
    """Per-frame inputs that need no recurrent state; with a leading T for all frames."""

    x: Tensor  # (B, M, C), the frame's part of CauConv; M = 1 for the class token only, else N
    k: Tensor  # (B, H, N, D), keys; decayed by their distance to the class token where M = 1
    v: Tensor  # (B, H, N, D), values


class CausalConv(nn.Module):
    """CauConv(x_t, h_{t-1}) of eq. 2: a depth-wise causal convolution, then a pointwise layer.

    Over time it has kernel 2 on (h_{t-1}, x_t), for each token alone; along tokens, kernel 4 on the sequence
    x_t + h_{t-1}. Both are linear, so that the output is the sum of the frame's part and the past's part.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.along_tokens = config.readings.cauconv == "tokens"
        self.taps = 4 if self.along_tokens else 2
        self.kernel = nn.Parameter(torch.full((self.taps, config.hidden), 1 / self.taps))  # the present last
        self.bias = nn.Parameter(torch.zeros(config.hidden))
        self.pointwise = nn.Linear(config.hidden, config.hidden)

    def _depth_wise(self, tokens: Tensor) -> Tensor:
        padded = F.pad(tokens, (0, 0, self.taps - 1, 0))
        return sum(self.kernel[i] * padded[..., i : i + tokens.shape[-2], :] for i in range(self.taps))

    def of_frame(self, x: Tensor) -> Tensor:
        """The frame's part, with the biases: (..., M, C) -> (..., M, C)."""
        return self.pointwise((self._depth_wise(x) if self.along_tokens else self.kernel[1] * x) + self.bias)

    def of_past(self, h: Tensor) -> Tensor:
        """The past's part: (B, M, C) -> (B, M, C)."""
        mixed = self._depth_wise(h) if self.along_tokens else self.kernel[0] * h
        return F.linear(mixed, self.pointwise.weight)


class SpatialMix(nn.Module):
    """Eq. 2-5: R and G from the tokens, K and V from the edges, Bi-WKV, LayerNorm on each head, gate, W_a."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        width, self.heads, depth_wise = config.hidden, config.heads, (config.heads, config.head_width)
        self.bidirectional = config.bidirectional
        self.mix_r, self.mix_g, self.mix_k, self.mix_v = (Mix(width) for _ in range(4))
        self.w_r, self.w_g, self.w_k, self.w_v, self.w_a = (nn.Linear(width, width, bias=False) for _ in range(5))
        # RWKV-5's start, from slow to fast decay over the channels: half-lives of 280 down to 2 of the paper's 197
        # tokens, scaled to the frame's tokens. Without decay K and V could not tell positions apart.
        share = torch.linspace(0, 1, width)
        self.omega = nn.Parameter((-6 + 5 * share**0.85 + math.log(197 / (config.patches + 1))).view(depth_wise))
        self.u = nn.Parameter((1 - share + 0.1 * ((torch.arange(width) + 1) % 3 - 1)).view(depth_wise))
        self.norm = nn.LayerNorm(config.head_width, elementwise_affine=False)
        self.norm_scale = nn.Parameter(torch.ones(width))
        self.norm_bias = nn.Parameter(torch.zeros(width))
        self.rotary = config.readings.position == "rotary"
        if self.rotary:
            steps = torch.logspace(0, -2, config.head_width // 4) * torch.pi / 2
            zero = torch.zeros_like(steps)
            self.frequency = nn.Parameter(torch.stack([torch.cat([steps, zero]), torch.cat([zero, steps])]))

    def _heads(self, tokens: Tensor) -> Tensor:
        return tokens.unflatten(-1, (self.heads, -1)).transpose(-3, -2)  # (..., N, C) -> (..., H, N, D)

    def _rotate(self, tokens: Tensor, positions: Tensor | None) -> Tensor:
        """Learnable rotary encoding (eq. 1): channel pairs turn by an angle linear in row and column."""
        if not self.rotary or positions is None:
            return tokens
        angle = (positions @ self.frequency)[:, None]  # (B, 1, N, D / 2)
        one, two = tokens.chunk(2, dim=-1)
        return torch.cat([one * angle.cos() - two * angle.sin(), one * angle.sin() + two * angle.cos()], dim=-1)

    def keys_values(self, e: Tensor, shift: Shift, positions: Tensor | None, cls_only: bool) -> tuple[Tensor, Tensor]:
        """K and V of eq. 3 for all frames at once: (T, B, N, C) -> two of (T, B, H, N, D); see `Ready`."""
        shifted = q_shift(e, shift)
        k = self._rotate(self._heads(self.w_k(self.mix_k(e, shifted))), positions)
        v = self._heads(self.w_v(self.mix_v(e, shifted)))
        if cls_only:
            k = decayed_keys(k, self.omega, self.u, position=-1, bidirectional=self.bidirectional)
        return k, v

    def forward(self, z: Tensor, k: Tensor, v: Tensor, shift: Shift | None, positions: Tensor | None) -> Tensor:
        """Eq. 2, 4 and 5 of one frame: z (B, M, C) -> a (B, M, C); `shift` is None for the class token only."""
        shifted = q_shift(z, shift)
        r = self._rotate(self._heads(self.w_r(self.mix_r(z, shifted))), positions)
        g = self.w_g(self.mix_g(z, shifted))
        if shift is None:
            y = (r @ k.transpose(-1, -2)) @ v
        else:
            y = bi_wkv(r, k, v, self.omega, self.u, bidirectional=self.bidirectional)
        y = self.norm(y).transpose(-3, -2).flatten(-2)  # (B, M, C)
        return self.w_a(F.silu(g) * torch.addcmul(self.norm_bias, y, self.norm_scale))


class ChannelMix(nn.Module):
    """Eq. 6-8; both lines of eq. 6 carry Q-Shift_R', so there is one mix."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        width = config.hidden
        self.mix = Mix(width)
        self.w_r = nn.Linear(width, width, bias=False)
        self.w_k = nn.Linear(width, 4 * width, bias=False)
        self.w_v = nn.Linear(4 * width, width, bias=False)

    def forward(self, a: Tensor, shift: Shift | None) -> Tensor:
        """A' of one frame: a (B, M, C) -> (B, M, C); `shift` is None for the class token only."""
        mixed = self.mix(a, q_shift(a, shift))
        return self.w_r(mixed).sigmoid() * self.w_v(self.w_k(mixed).relu().square())


class CrossRWKV(nn.Module):
    """The gate: z = CauConv(x_t, h_{t-1}); s = z + spatial mix of LN(z); A_t = s + channel mix of LN(s).

    The residuals run "from the tokens to each normalization layer" (§3.2); K and V read a LayerNorm of their own.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.conv = CausalConv(config)
        self.norm_z, self.norm_s = nn.LayerNorm(config.hidden), nn.LayerNorm(config.hidden)
        self.spatial, self.channel = SpatialMix(config), ChannelMix(config)
        self.norm_e: nn.Module = nn.Identity()
        if config.readings.edge_norm:
            self.norm_e = nn.LayerNorm(config.hidden)
            # At Z = 0, K and V are the bias alone: a bias of zero would be a saddle that no gradient leaves.
            nn.init.normal_(self.norm_e.bias, std=0.02)

    def prepare(self, x: Tensor, e: Tensor | None, shift: Shift, positions: Tensor | None, cls_only: bool) -> Ready:
        """`Ready` of all frames at once, from x and x^e (T, B, N, C); e is None without an edge prompt."""
        if e is None or not self.config.edge_keys:
            source = x
        else:
            source = x + e if self.config.readings.kv_source == "additive" else e
        k, v = self.spatial.keys_values(self.norm_e(source), shift, positions, cls_only)
        return Ready(self.conv.of_frame(x[:, :, -1:] if cls_only else x), k, v)

    def weights(self) -> Weights:
        """Weights of the recurrence, for `lcr.model.scan`."""
        conv, spatial, channel = self.conv, self.spatial, self.channel
        return Weights(
            taps=conv.kernel if conv.along_tokens else conv.kernel[:1],
            past=conv.pointwise.weight,
            z_scale=self.norm_z.weight,
            z_shift=self.norm_z.bias,
            mix_r=spatial.mix_r.mu,
            mix_g=spatial.mix_g.mu,
            w_r=spatial.w_r.weight,
            w_g=spatial.w_g.weight,
            omega=spatial.omega,
            u=spatial.u,
            y_scale=spatial.norm_scale,
            y_shift=spatial.norm_bias,
            w_a=spatial.w_a.weight,
            s_scale=self.norm_s.weight,
            s_shift=self.norm_s.bias,
            mix_s=channel.mix.mu,
            w_r2=channel.w_r.weight,
            w_k2=channel.w_k.weight,
            w_v2=channel.w_v.weight,
        )

    def forward(self, ready: Ready, h: Tensor, shift: Shift | None, positions: Tensor | None) -> Tensor:
        """A_t (B, M, C) of one frame, from h_{t-1} (B, M, C); `shift` is None for the class token only."""
        z = ready.x + self.conv.of_past(h)
        s = z + self.spatial(self.norm_z(z), ready.k, ready.v, shift, positions)
        return s + self.channel(self.norm_s(s), shift)
