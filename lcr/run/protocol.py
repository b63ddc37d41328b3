"""From per-frame logits to one score a class: the paper's prediction rules (§4.1)."""

import torch
from torch import Tensor

from lcr.config.study import Protocol


def clip_scores(logits: Tensor, protocol: Protocol) -> Tensor:
    """Class scores of each view: logits (B, T, classes) -> (B, classes), per the protocol's rule.

    Jester's "highest prediction score from the last 10 frames" is read as each class's highest softmax value there.
    """
    last = logits[:, -protocol.frames_read(logits.shape[1]) :].softmax(-1)
    return last.amax(1) if protocol.rule == "max_last" else last.mean(1)


def fuse_views(scores: Tensor, views: int) -> Tensor:
    """The mean over a clip's views: (B·views, classes) -> (B, classes)."""
    return scores.unflatten(0, (-1, views)).mean(1) if views > 1 else scores


@torch.no_grad()
def predict(model: torch.nn.Module, frames: Tensor, edges: Tensor, protocol: Protocol, views: int = 1) -> Tensor:
    """Fused class scores of a batch: frames (B·views, T, 3, S, S) in [0, 1] -> (B, classes)."""
    return fuse_views(clip_scores(model(frames, edges), protocol), views)
