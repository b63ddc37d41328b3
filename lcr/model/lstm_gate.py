"""The ablation of the gate: plain LSTM gates of [x_t, h_{t-1}] in place of Cross-RWKV and the cell of eq. 10-11."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lcr.model.config import ModelConfig


class LSTMGate(nn.Module):
    """i, f, g and o of each token from [x_t, h_{t-1}]; x^e is added to the forget gate, the role §3.3 gives it.

    Without attention nothing carries the frame to the class token, so its x_t is the mean of the frame's tokens.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.w_x = nn.Linear(config.hidden, 4 * config.hidden)
        self.w_h = nn.Linear(config.hidden, 4 * config.hidden, bias=False)
        with torch.no_grad():
            self.w_x.bias[config.hidden : 2 * config.hidden] = 1.0  # the usual start: remember

    def prepare(self, x: Tensor, class_only: bool) -> list[Tensor]:
        """The frame's part of the gates, for all frames at once: (T, B, N, C) -> T × (B, M, 4C)."""
        own = x.mean(dim=2, keepdim=True)
        return list(self.w_x(own if class_only else torch.cat([x[:, :, :-1], own], dim=2)).unbind())

    def forward(self, ready: Tensor, e: Tensor | None, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
        """C_t and H_t, each (B, M, C), from one frame's part, x^e_t (B, M, C) or None, h_{t-1} and C_{t-1}."""
        i, f, g, o = (ready + F.linear(h, self.w_h.weight)).chunk(4, dim=-1)
        new = torch.sigmoid(f if e is None else f + e) * c + torch.sigmoid(i) * torch.tanh(g)
        return new, torch.sigmoid(o) * new.tanh()
