"""Plain LSTM gates of [x_t, h_{t-1}]: the ablation that replaces Cross-RWKV and the cell of eq. 10-11."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lcr.model.config import ModelConfig


class LSTMGate(nn.Module):
    """Gates i, f, g and o of each token from [x_t, h_{t-1}]; x^e is added to the forget gate, its role in §3.3.

    No attention carries the frame to the class token, so its x_t is the mean of the frame's tokens.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.w_x = nn.Linear(config.hidden, 4 * config.hidden)
        self.w_h = nn.Linear(config.hidden, 4 * config.hidden, bias=False)
        with torch.no_grad():
            self.w_x.bias[config.hidden : 2 * config.hidden] = 1.0  # the usual start of the forget gate: remember

    def prepare(self, x: Tensor, cls_only: bool) -> Tensor:
        """The frame's part of the gates, for all frames at once: (T, B, N, C) -> (T, B, M, 4C)."""
        own = x.mean(dim=2, keepdim=True)
        return self.w_x(own if cls_only else torch.cat([x[:, :, :-1], own], dim=2))

    def forward(self, ready: Tensor, e: Tensor | None, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
        """C_t and H_t of one frame, each (B, M, C).

        Args:
            ready: (B, M, 4C), the frame's part of the gates.
            e: (B, M, C), x^e_t; None without an edge prompt.
            h: (B, M, C), H_{t-1}.
            c: (B, M, C), C_{t-1}.
        """
        i, f, g, o = (ready + F.linear(h, self.w_h.weight)).chunk(4, dim=-1)
        new = torch.sigmoid(f if e is None else f + e) * c + torch.sigmoid(i) * torch.tanh(g)
        return new, torch.sigmoid(o) * new.tanh()
