"""Time and memory of one inference over the number of frames and of tokens: LCR beside attention and a 3-D CNN.

The paper claims linear time and less memory than attention (§1, §3). One clip at a time:

- lcr: LCR with the base's readings (K and V from the layer's input plus the edge tokens), depth 2, width 96.
- attention: the same patches, then a transformer encoder over all tokens of all frames at once, by
  torch's fused attention.
- cnn3d: the small 3-D CNN of `lcr.methods.cnn3d`, which reads pixels, not patches.

Over frames, T = 8 to 128 at N = 49 tokens a frame; over tokens, N = 49 to 784 (frames of 112² to 448²) at T = 8.
"""

import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lcr.cost.memory import peak_memory
from lcr.methods import build
from lcr.methods.cnn3d import Config as CNN
from lcr.model.config import ModelConfig, Readings
from lcr.model.patches import PatchConv

FRAMES, TOKENS = (8, 16, 32, 64, 96, 128), (49, 100, 196, 324, 484, 784)
PATCH, WIDTH, DEPTH, HEADS, CLASSES = 16, 96, 2, 2, 27
LCR, ATTENTION, CNN3D = "lcr", "attention", "cnn3d"


class Point(NamedTuple):
    """One system at one size. axis: frames or tokens; value: T or N; seconds: the least of all rounds, of one clip."""

    system: str
    axis: str
    value: int
    seconds: float
    peak_bytes: int


class _Layer(nn.Module):
    """Attention over all tokens by torch's fused kernel, whose memory is linear, then an MLP of 4 times the width."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(2))
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.qkv(self.norms[0](x)).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        x = x + self.out(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))
        return x + self.mlp(self.norms[1](x))


class Attention(nn.Module):
    """A transformer encoder over all tokens of all frames: frames (B, T, 3, S, S) to logits (B, 1, classes)."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.embedding = PatchConv(3, config.hidden, config.patch_size, config.patch_size)
        self.position = nn.Parameter(torch.zeros(config.patches, config.hidden))
        self.layers = nn.Sequential(*(_Layer(config.hidden, config.heads) for _ in range(config.depth)))
        self.head = nn.Linear(config.hidden, config.classes)

    def forward(self, frames: Tensor, edges: Tensor) -> Tensor:
        keep = torch.arange(len(self.position)).expand(len(frames), -1)
        tokens = self.embedding(frames.transpose(0, 1), keep) + self.position  # (T, B, N, C)
        return self.head(self.layers(tokens.transpose(0, 1).flatten(1, 2)).mean(1, keepdim=True))


def sizes() -> Iterator[tuple[str, int, int, int]]:
    """Axis, its value, frames T, and the side of a frame, for every point."""
    for frames in FRAMES:
        yield "frames", frames, frames, PATCH * 7
    for tokens in TOKENS:
        yield "tokens", tokens, FRAMES[0], PATCH * round(tokens**0.5)


def systems(size: int) -> dict[str, nn.Module]:
    """Every system for frames of size × size, in evaluation."""
    config = ModelConfig(
        **{"frame_size": size, "patch_size": PATCH, "depth": DEPTH, "hidden": WIDTH, "heads": HEADS},
        classes=CLASSES,
        zero_init=False,  # else every value in the cell would be 0
        readings=Readings(kv_source="additive"),
    )
    torch.manual_seed(0)
    cnn = CNN(frame_size=size, classes=CLASSES)
    return {
        name: one.eval() for name, one in ((LCR, build(config)), (ATTENTION, Attention(config)), (CNN3D, build(cnn)))
    }


def measure(rounds: int, track: Callable[[list], Iterator] = iter) -> list[Point]:
    """All points. At each size the systems take turns, `rounds` times after one that is not counted.

    Args:
        track: goes through the list of sizes, and may show how far it is.
    """
    points = []
    for axis, value, frames, size in track(list(sizes())):
        models = systems(size)
        clip = (torch.rand(1, frames, 3, size, size), (torch.rand(1, frames, 1, size, size) < 0.1).float())
        taken: dict[str, list[float]] = {name: [] for name in models}
        for _ in range(rounds + 1):
            for name, model in models.items():
                began = time.perf_counter()
                with torch.inference_mode():
                    model(*clip)
                taken[name].append(time.perf_counter() - began)
        for name, model in models.items():
            peak = peak_memory(model, lambda clip=clip: clip)
            points.append(Point(name, axis, value, min(taken[name][1:]), peak))
    return points
