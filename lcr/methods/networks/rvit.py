"""A vision transformer with a hidden state."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lcr.methods.networks.patches import Patches, mlp
from lcr.methods.rvit import Config


class Layer(nn.Module):
    """One layer and its hidden state (B, N, C)."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        c, self.heads = config.width, config.heads
        self.norm_x, self.norm_h, self.norm_mlp = (nn.LayerNorm(c) for _ in range(3))
        self.from_x, self.from_h, self.out = nn.Linear(c, 3 * c), nn.Linear(c, 3 * c), nn.Linear(c, c)
        self.mlp = mlp(c)
        self.token = nn.Parameter(torch.zeros(c))  # the hidden state's class token at the start

    def start(self, x: Tensor) -> Tensor:
        """The hidden state before the first frame: its class token, and zeros; x: (B, N, C)."""
        return torch.cat([self.token.expand(len(x), 1, -1), torch.zeros_like(x[:, 1:])], dim=1)

    def attention(self, qkv: Tensor) -> Tensor:
        """Linear attention φ(q) (φ(k)ᵀ v) of each head, φ = ELU + 1: (B, N, 3C) to (B, N, C)."""
        q, k, v = qkv.unflatten(-1, (3, self.heads, -1)).movedim(-3, 0).transpose(-3, -2)
        mixed = (F.elu(q) + 1) @ ((F.elu(k) + 1).transpose(-2, -1) @ v)
        return self.out(mixed.transpose(-3, -2).flatten(-2))

    def forward(self, x: Tensor, h: Tensor, position: Tensor) -> tuple[Tensor, Tensor]:
        """Tokens of all frames (B, T, N, C) and the hidden state to the next layer's tokens and the last state."""
        x = x + position
        given, attended = self.from_x(self.norm_x(x)), []
        for now in given.unbind(1):
            h = h + position
            attended.append(self.attention(now + self.from_h(self.norm_h(h))))
            h = h + attended[-1]
        x = x + torch.stack(attended, dim=1)
        return x + self.mlp(self.norm_mlp(x)), h


class RViT(nn.Module):
    """The network of `lcr.methods.rvit`."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.patches = Patches(config, config.patch, config.width)
        self.token = nn.Parameter(0.02 * torch.randn(config.width))
        self.position = nn.Parameter(0.02 * torch.randn(config.tokens, config.width))
        self.layers = nn.ModuleList(Layer(config) for _ in range(config.depth))
        self.norm = nn.LayerNorm(config.width)
        self.head = nn.Linear(config.width, config.classes)

    def forward(self, frames: Tensor, edges: Tensor) -> Tensor:
        """Logits of each frame (B, T, classes)."""
        return self._run(frames, edges, None)[0]

    def step(self, frame: Tensor, state: list[Tensor] | None, edge: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Logits (B, classes) of the next frame, and the state to go on with; None: the frame is the first.

        Args:
            frame, edge: (B, 3, S, S) and (B, 1, S, S).
        """
        logits, state = self._run(frame[:, None], edge[:, None], state)
        return logits[:, 0], state

    def _run(self, frames: Tensor, edges: Tensor, state: list[Tensor] | None) -> tuple[Tensor, list[Tensor]]:
        x = self.patches(frames, edges)
        x = torch.cat([self.token.expand(*x.shape[:2], 1, -1), x], dim=2)
        state = state or [layer.start(x[:, 0]) for layer in self.layers]
        after = []
        for layer, h in zip(self.layers, state, strict=True):
            x, h = layer(x, h, self.position)
            after.append(h)
        return self.head(self.norm(x[:, :, 0])), after
