"""Divided attention over time and space."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lcr.methods.networks.patches import Patches, mlp
from lcr.methods.timesformer import Config


class Attention(nn.Module):
    """Softmax attention of several heads among the tokens of each sequence (…, N, C)."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.qkv(x).unflatten(-1, (3, self.heads, -1)).movedim(-3, 0).transpose(-3, -2)
        return self.out(F.scaled_dot_product_attention(q, k, v).transpose(-3, -2).flatten(-2))


class Layer(nn.Module):
    """Attention over time of each patch, then over space of each frame with the class token, then an MLP."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.norm_time, self.norm_space, self.norm_mlp = (nn.LayerNorm(config.width) for _ in range(3))
        self.time, self.space = (Attention(config.width, config.heads) for _ in range(2))
        self.mlp = mlp(config.width)

    def attend(self, token: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
        """The class token (B, 1, C) and the patches (B, T, N, C); the frames' class tokens are averaged."""
        x = x + self.time(self.norm_time(x.transpose(1, 2))).transpose(1, 2)
        whole = torch.cat([token[:, None].expand(-1, x.shape[1], -1, -1), x], dim=2)
        mixed = self.space(self.norm_space(whole))
        return token + mixed[:, :, :1].mean(1), x + mixed[:, :, 1:]

    def feed(self, x: Tensor) -> Tensor:
        """Tokens (…, C) with the MLP's output added."""
        return x + self.mlp(self.norm_mlp(x))


class TimeSformer(nn.Module):
    """The network of `lcr.methods.timesformer`."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.patches = Patches(config, config.patch, config.width)
        self.token = nn.Parameter(torch.zeros(1, 1, config.width))
        self.place = nn.Parameter(0.02 * torch.randn(config.patches + 1, config.width))
        self.time = nn.Parameter(0.02 * torch.randn(config.times, config.width))
        self.layers = nn.ModuleList(Layer(config) for _ in range(config.depth))
        self.norm = nn.LayerNorm(config.width)
        self.head = nn.Linear(config.width, config.classes)

    def forward(self, frames: Tensor, edges: Tensor) -> Tensor:
        """Logits of each clip (B, 1, classes)."""
        at = torch.arange(frames.shape[1], device=frames.device) * self.config.times // frames.shape[1]
        x = self.patches(frames, edges) + self.place[1:] + self.time[at][:, None]
        token = (self.token + self.place[:1]).expand(len(frames), -1, -1)
        for number, layer in enumerate(self.layers):
            token, x = layer.attend(token, x)
            token = layer.feed(token)
            if number < len(self.layers) - 1:  # nothing reads the patches behind the last layer
                x = layer.feed(x)
        return self.head(self.norm(token))
