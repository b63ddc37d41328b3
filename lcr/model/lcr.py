"""LCR, the model of *Video RWKV* (§3): LSTM cells over the frames, whose gate is a Cross-RWKV block.

    logits = LCR(config)(frames)            # (B, T, 3, S, S) in [0, 1] -> (B, T, classes)
    logits, state = model.step(frame, state)  # a stream, in constant memory

Special here: a layer runs over all frames before the next layer starts (the recurrence is inside a layer), so inputs
that need no recurrent state are computed for all frames at once. Tokens that neither a later layer nor the head reads
are not computed: where K and V come from the edge maps alone (eq. 3 as printed) and the head reads the class token
only, no patch token's A_t is computed. `compute_unread=True` computes every token, as the text has it.

Inside, tensors are time first: (T, B, N, C), the class token last among the N tokens.
"""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lcr.model.cell import cell
from lcr.model.config import ModelConfig
from lcr.model.cross_rwkv import CrossRWKV, Ready
from lcr.model.edge_prompt import EdgePrompt, edges_of
from lcr.model.lstm_gate import LSTMGate
from lcr.model.patches import PatchConv
from lcr.model.q_shift import Shift, grid_neighbours, shift_index
from lcr.model.scan import Plan, scan
from lcr.model.tube_mask import tube_mask
from lcr.util.errors import InputError


class State(NamedTuple):
    """Memory of a stream: h and C (B, M, C) of each layer, and the last edge map, for `edge_index: previous`."""

    layers: tuple[tuple[Tensor, Tensor], ...]
    edge: Tensor | None


# A unit's O of all frames (T, B, M, C), the class token's C of all frames (T, B, C), the last frame's (h, C).
Outputs = tuple[Tensor, Tensor, tuple[Tensor, Tensor]]


class Embedding(nn.Module):
    """Eq. 1: patches by a 1×P×P convolution, the class token last, positions added."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        kernel = 16 if config.readings.patch_kernel == "overlapping" else config.patch_size
        read = slice(3) if config.frame_source == "rgb" else [3] * 3
        mean, std = (np.array(values)[read].tolist() for values in (config.mean, config.std))
        self.conv = PatchConv(3, config.hidden, kernel, config.patch_size, mean, std)
        self.class_token = nn.Parameter(torch.zeros(config.hidden).normal_(std=0.02))
        if config.readings.position == "learned":
            self.position = nn.Parameter(torch.zeros(config.patches + 1, config.hidden).normal_(std=0.02))
        self.config = config

    def forward(self, frames: Tensor, keep: Tensor, cls_only: bool) -> Tensor:
        """(T, B, 3, S, S) and (B, K) kept positions -> (T, B, K + 1, C), or (T, B, 1, C) for the class token only."""
        times, batch = frames.shape[:2]
        positions = self.position if self.config.readings.position == "learned" else None
        own = self.class_token if positions is None else self.class_token + positions[-1]
        own = own.expand(times, batch, 1, -1)
        if cls_only:
            return own
        tokens = self.conv(frames, keep)
        if positions is not None:
            tokens = tokens + positions[keep]
        return torch.cat([tokens, own], dim=2)


class LCRUnit(nn.Module):
    """One layer: the gate and the cell, over all frames (§3.4)."""

    def __init__(self, config: ModelConfig, scans: bool) -> None:
        super().__init__()
        self.config, self.scans = config, scans
        self.gate = CrossRWKV(config) if config.gate == "cross_rwkv" else LSTMGate(config)

    def forward(
        self,
        x: Tensor,
        e: Tensor | None,
        state: tuple[Tensor, Tensor] | None,
        shift: Shift | None,
        positions: Tensor | None,
        cls_only: bool,
    ) -> Outputs:
        """`Outputs` with M = 1 if `cls_only`, else N.

        Args:
            x: (T, B, N, C), the layer's input.
            e: (T, B, N, C), x^e; None without an edge prompt.
            state: h and C (B, M, C) before the first frame; None for zeros.
            shift: the frames' Q-Shift.
            positions: (B, N, 2), rows and columns for the rotary encoding.
        """
        tokens = 1 if cls_only else x.shape[2]
        h, c = state if state is not None else (x.new_zeros(x.shape[1], tokens, x.shape[3]),) * 2
        gate = self._edge_gate(x, e, tokens)
        if self.config.gate == "lstm":
            ready = (self.gate.prepare(x, e, cls_only),)
        else:
            ready = self.gate.prepare(x, e, shift, positions, cls_only)
        if cls_only:
            shift = positions = None
        if self.scans:
            return self._scan(ready, gate, h, c, shift)
        outputs, cells = [], []
        for t, frame in enumerate(zip(*(part.unbind() for part in ready), strict=True)):
            c, h = self._step(frame, None if gate is None else gate[t], h, c, shift, positions)
            outputs.append(h)
            cells.append(c[:, -1])
        return torch.stack(outputs), torch.stack(cells), (h, c)

    def _edge_gate(self, x: Tensor, e: Tensor | None, tokens: int) -> Tensor | None:
        """x^e of eq. 10 for the last `tokens` tokens (T, B, M, C), or its constant; None where A_t takes its place."""
        if self.config.edge_gate == "constant":
            half = 0.5 if self.config.readings.cell_gate == "literal" else 0.0  # σ(0) = 1/2
            return torch.full_like(x[:, :, -tokens:], half)
        return None if e is None or self.config.edge_gate == "tokens" else e[:, :, -tokens:]

    def _step(
        self,
        frame: tuple[Tensor, ...],
        e: Tensor | None,
        h: Tensor,
        c: Tensor,
        shift: Shift | None,
        positions: Tensor | None,
    ) -> tuple[Tensor, Tensor]:
        """C_t and H_t of one frame, each (B, M, C)."""
        if self.config.gate == "lstm":
            return self.gate(*frame, e, h, c)
        a = self.gate(Ready(*frame), h, shift, positions)
        return cell(a, a if e is None else e, c, self.config.readings)

    def _scan(self, ready: Ready, e: Tensor | None, h: Tensor, c: Tensor, shift: Shift | None) -> Outputs:
        """The fast path of all steps; e (T, B, M, C)."""
        reading = self.config.readings.cell_gate
        plan = Plan(shift, self.config.bidirectional, reading == "literal", reading != "sigmoid")
        gate = e if e is None or reading == "literal" else e.sigmoid()
        hs, cs = scan(*ready, gate, h, c, plan, self.gate.weights())
        return hs, cs[:, :, -1], (hs[-1], cs[-1])


class LCR(nn.Module):
    """LSTM-CrossRWKV (§3), for whole clips or frame by frame.

    Args:
        config: the model's sizes, switches and readings.
        compute_unread: whether to compute also the tokens that neither a later layer nor the head reads, with plain
            steps. Logits and gradients are equal to rounding; `lcr.cost` counts a model so.

    Raises:
        InputError: the reading of the decay is data-dependent, which `lcr.cost` counts and LCR cannot run.
    """

    def __init__(self, config: ModelConfig, *, compute_unread: bool = False) -> None:
        super().__init__()
        if config.readings.decay != "static":
            raise InputError("decay: data_dependent is another operator, which is counted only; use decay: static")
        self.config = config
        self.embedding = Embedding(config)
        self.edge_prompt = EdgePrompt(config) if config.edge_prompt else None
        scans = config.scans and not compute_unread
        self.units = nn.ModuleList(LCRUnit(config, scans) for _ in range(config.depth))
        self.norm = nn.LayerNorm(2 * config.hidden)
        self.head = nn.Linear(2 * config.hidden, config.classes)
        self.cls_only = [only and not compute_unread for only in config.cls_only]
        self.embeds_patches = config.reads_patches or compute_unread

    def forward(self, frames: Tensor, edges: Tensor | None = None, *, keep: Tensor | None = None) -> Tensor:
        """Logits of every frame (eq. 12).

        Args:
            frames: (B, T, 3, S, S) in [0, 1]; normalised inside.
            edges: (B, T, 1, S, S) in {0, 1}; None to make them from the frames.
            keep: (B, K) patch positions to keep; None for those of a tube mask in training, and for all in evaluation.

        Returns:
            (B, T, classes).

        Raises:
            ValueError: the shape of frames or edges does not fit the configuration.
        """
        return self._run(frames, edges, None, keep)[0]

    def step(self, frame: Tensor, state: State | None = None, edge: Tensor | None = None) -> tuple[Tensor, State]:
        """Logits (B, classes) of one frame of a stream, and the state after it; memory and time stay constant.

        Args:
            frame: (B, 3, S, S) in [0, 1]. No tube mask is applied.
            state: the state after the frame before; None at the first frame.
            edge: (B, 1, S, S) in {0, 1}; None to make it from the frame.
        """
        keep = tube_mask(len(frame), self.config.patches, 0.0, frame.device)
        logits, state = self._run(frame[:, None], None if edge is None else edge[:, None], state, keep)
        return logits[:, 0], state

    def _run(
        self, frames: Tensor, edges: Tensor | None, state: State | None, keep: Tensor | None
    ) -> tuple[Tensor, State]:
        config, size = self.config, self.config.frame_size
        if frames.ndim != 5 or frames.shape[2:] != (3, size, size):
            raise ValueError(f"frames: expected (B, T, 3, {size}, {size}), got {tuple(frames.shape)}")
        if keep is None:
            ratio = config.tube_ratio if self.training else 0.0
            keep = tube_mask(len(frames), config.patches, ratio, frames.device)
        shift = positions = None
        if config.gate == "cross_rwkv":
            shift = shift_index(grid_neighbours(config.grid, keep), config.hidden, config.heads)
        if config.readings.position == "rotary":  # row and column of each kept token (B, K + 1, 2), the class token's 0
            positions = F.pad(torch.stack([keep // config.grid, keep % config.grid], dim=-1), (0, 0, 0, 1))
            positions = positions.to(self.head.weight.dtype)
        if self.edge_prompt is not None or config.frame_source == "edges":
            edges = self._edges(frames, edges)
        if config.frame_source == "edges":
            frames = edges.expand_as(frames)
        prompts, last_edge = self._prompts(edges, state, keep)
        x = self.embedding(frames.transpose(0, 1), keep, not self.embeds_patches)
        layers = []
        for layer, (unit, cls_only) in enumerate(zip(self.units, self.cls_only, strict=True)):
            before = None if state is None else state.layers[layer]
            o, cells, after = unit(x, prompts[layer], before, shift, positions, cls_only)
            x = x[:, :, -o.shape[2] :] + o if config.readings.residual else o
            layers.append(after)
        own = (x if config.readings.class_output == "stream" else o)[:, :, -1]
        logits = self.head(self.norm(torch.cat([own, cells], dim=-1)))  # eq. 12, (T, B, classes)
        return logits.transpose(0, 1), State(tuple(layers), last_edge)

    def _edges(self, frames: Tensor, edges: Tensor | None) -> Tensor:
        """The edge maps given, or Canny's of the frames: (B, T, 1, S, S)."""
        edges = edges_of(frames) if edges is None else edges.to(frames.dtype)
        if edges.shape != (*frames.shape[:2], 1, *frames.shape[3:]):
            raise ValueError(
                f"edges: expected (B, T, 1, S, S) like frames {tuple(frames.shape)}, got {tuple(edges.shape)}"
            )
        return edges

    def _prompts(
        self, edges: Tensor | None, state: State | None, keep: Tensor
    ) -> tuple[list[Tensor] | list[None], Tensor | None]:
        """Edge tokens x^e of each layer (T, B, K + 1, C), and the last edge map (B, 1, 1, S, S); eq. 9."""
        if self.edge_prompt is None:
            return [None] * self.config.depth, None
        last = edges[:, -1:]
        if self.config.readings.edge_index == "previous":
            first = torch.zeros_like(last) if state is None or state.edge is None else state.edge
            edges = torch.cat([first, edges[:, :-1]], dim=1)
        return self.edge_prompt(edges.transpose(0, 1), keep), last
