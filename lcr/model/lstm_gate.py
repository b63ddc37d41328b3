"""Plain LSTM gates of [x_t, h_{t-1}]: the ablation that replaces Cross-RWKV and the cell of eq. 10-11."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lcr.model.config import ModelConfig


class LSTMGate(nn.Module):
    """Gates i, f, g and o of each token from [x_t, h_{t-1}]; x^e is added to the forget gate, its role in §3.3.

    Input-matched: the tokens are those that the Cross-RWKV gate would read at the same place: the edge tokens alone
    where the gate reads nothing else of a frame, else the sum of the layer's input and x^e. With `lstm_input: frame`
    they are the layer's input alone. No attention carries the patches to the class token, so their mean is added to it.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.w_x = nn.Linear(config.hidden, 4 * config.hidden)
        self.w_h = nn.Linear(config.hidden, 4 * config.hidden, bias=False)
        with torch.no_grad():
            self.w_x.bias[config.hidden : 2 * config.hidden] = 1.0  # the usual start of the forget gate: remember

    def prepare(self, x: Tensor, e: Tensor | None, cls_only: bool) -> Tensor:
        """The frame's part of the gates, for all frames at once: x and x^e (T, B, N, C) -> (T, B, M, 4C).

        Args:
            x: (T, B, N, C), or (T, B, 1, C) where nothing reads the patches of the layer's input.
            e: (T, B, N, C), x^e; None without an edge prompt.
        """
        source = x
        if e is not None and self.config.lstm_input == "gate":
            source = e if self.config.mixes_edges_alone else x + e
        patches = source[:, :, :-1]
        own = x[:, :, -1:] + patches.mean(dim=2, keepdim=True)
        return self.w_x(own if cls_only else torch.cat([patches, own], dim=2))

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
