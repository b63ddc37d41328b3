"""LCR, the model of *Video RWKV* (§3): frames go one by one through LSTM cells whose gate is a Cross-RWKV block.

    logits = LCR(config)(frames)            # (B, T, 3, S, S) in [0, 1] -> (B, T, classes)
    logits, state = model.step(frame, state)  # a stream, in constant memory

Special here: layers run one after another over all frames (the recurrence is inside a layer), so all that needs no
past is computed for all frames at once; and what nothing downstream reads is not computed. Under the default reading
of eq. 3 that is nearly all of it: K and V come from the edge maps, the class token alone is classified, and so no
patch token's gate is ever read. `compute_unread=True` computes it all the same; the logits are equal.

Inside, tensors are time first: (T, B, N, C), the class token last among the N tokens.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from lcr.model.cell import cell
from lcr.model.class_scan import class_scan
from lcr.model.config import ModelConfig
from lcr.model.cross_rwkv import CrossRWKV, Ready
from lcr.model.edge_prompt import EdgePrompt, edges_of
from lcr.model.lstm_gate import LSTMGate
from lcr.model.patches import PatchConv
from lcr.model.q_shift import Shift, grid_neighbours, shift_index
from lcr.model.tube_mask import tube_mask
from lcr.util.errors import InputError

IMAGENET_MEAN = (0.485, 0.456, 0.406)  # what the pre-trained VRWKV that the paper starts from was normalised by
IMAGENET_STD = (0.229, 0.224, 0.225)


class State(NamedTuple):
    """The memory of a stream: of each layer h and C (B, M, C), and the edge map before (for edge_index = previous)."""

    layers: tuple[tuple[Tensor, Tensor], ...]
    edge: Tensor | None


# Of one unit: O of all frames (T, B, M, C), the class token's C of all frames (T, B, C), the last (h, C).
Outputs = tuple[Tensor, Tensor, tuple[Tensor, Tensor]]


class Embedding(nn.Module):
    """Eq. 1: patches by a 1×P×P convolution, the class token at the end, positions added."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        kernel = 16 if config.readings.patch_kernel == "overlapping" else config.patch_size
        self.conv = PatchConv(3, config.hidden, kernel, config.patch_size, IMAGENET_MEAN, IMAGENET_STD)
        self.class_token = nn.Parameter(torch.zeros(config.hidden).normal_(std=0.02))
        if config.readings.position == "learned":
            self.position = nn.Parameter(torch.zeros(config.patches + 1, config.hidden).normal_(std=0.02))
        self.config = config

    def forward(self, frames: Tensor, keep: Tensor, class_only: bool) -> Tensor:
        """(T, B, 3, S, S) and (B, K) kept positions -> (T, B, K + 1, C), or (T, B, 1, C) for the class token alone."""
        times, batch = frames.shape[:2]
        positions = self.position if self.config.readings.position == "learned" else None
        own = self.class_token if positions is None else self.class_token + positions[-1]
        own = own.expand(times, batch, 1, -1)
        if class_only:
            return own
        tokens = self.conv(frames, keep)
        if positions is not None:
            tokens = tokens + positions[keep]
        return torch.cat([tokens, own], dim=2)


class LCRUnit(nn.Module):
    """One layer: the gate and the cell, run over all frames (§3.4)."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.gate = CrossRWKV(config) if config.gate == "cross_rwkv" else LSTMGate(config)

    def forward(
        self,
        x: Tensor,
        e: Tensor | None,
        state: tuple[Tensor, Tensor] | None,
        shift: Shift | None,
        places: Tensor | None,
        class_only: bool,
    ) -> Outputs:
        """From x and x^e (T, B, N, C); M of the outputs is 1 if `class_only`, else N."""
        tokens = 1 if class_only else x.shape[2]
        h, c = state if state is not None else (x.new_zeros(x.shape[1], tokens, x.shape[3]),) * 2
        e_cell = None if e is None else e[:, :, -tokens:]
        if isinstance(self.gate, LSTMGate):
            return self._lstm(x, e_cell, h, c, class_only)
        ready = self.gate.prepare(x, e, shift, places, class_only)
        if not class_only:
            return self._all_tokens(ready, e_cell, h, c, shift, places)
        return self._class_token(ready, e_cell, h, c)

    def _lstm(self, x: Tensor, e: Tensor | None, h: Tensor, c: Tensor, class_only: bool) -> Outputs:
        outputs, cells = [], []
        for t, ready in enumerate(self.gate.prepare(x, class_only)):
            c, h = self.gate(ready, None if e is None else e[t], h, c)
            outputs.append(h)
            cells.append(c[:, -1])
        return torch.stack(outputs), torch.stack(cells), (h, c)

    def _all_tokens(
        self, ready: Ready, e: Tensor | None, h: Tensor, c: Tensor, shift: Shift | None, places: Tensor | None
    ) -> Outputs:
        outputs, cells = [], []
        for t, parts in enumerate(zip(*(part.unbind() for part in ready), strict=True)):
            a = self.gate(Ready(*parts), h, shift, places)
            c, h = cell(a, a if e is None else e[t], c, self.config.readings)
            outputs.append(h)
            cells.append(c[:, -1])
        return torch.stack(outputs), torch.stack(cells), (h, c)

    def _class_token(self, ready: Ready, e: Tensor | None, h: Tensor, c: Tensor) -> Outputs:
        reading = self.config.readings.cell_gate
        if e is None and reading == "literal":  # A_t itself opens the cell: no case of the scan
            return self._all_tokens(ready, e, h, c, None, None)
        gate = None if e is None else e[:, :, 0] if reading == "literal" else e[:, :, 0].sigmoid()
        weights, keep_c = self.gate.class_weights(), reading != "sigmoid"
        hs, cs = class_scan(ready.x[:, :, 0], ready.k, ready.v, gate, h[:, 0], c[:, 0], keep_c, weights)
        return hs[:, :, None], cs, (hs[-1][:, None], cs[-1][:, None])


class LCR(nn.Module):
    """LSTM-CrossRWKV (§3), for whole clips or frame by frame.

    Args:
        config: the model's sizes, switches and readings.
        compute_unread: also compute the tokens that no later layer and no classifier reads, as the paper's text has
            it; the logits are the same and costs are counted so.

    Raises:
        InputError: the reading of the decay is data-dependent, which can be counted but not run.
    """

    def __init__(self, config: ModelConfig, *, compute_unread: bool = False) -> None:
        super().__init__()
        if config.readings.decay != "static":
            raise InputError("the data-dependent decay is counted only (another operator); use decay: static")
        self.config = config
        self.embedding = Embedding(config)
        self.edge_prompt = EdgePrompt(config) if config.edge_prompt else None
        self.units = nn.ModuleList(LCRUnit(config) for _ in range(config.depth))
        self.norm = nn.LayerNorm(2 * config.hidden)
        self.head = nn.Linear(2 * config.hidden, config.classes)
        self.class_only = [only and not compute_unread for only in config.cls_only]
        self.embeds_patches = config.reads_patches or compute_unread

    def forward(self, frames: Tensor, edges: Tensor | None = None, *, keep: Tensor | None = None) -> Tensor:
        """Logits of every frame.

        Args:
            frames: (B, T, 3, S, S), in [0, 1]; normalised inside.
            edges: (B, T, 1, S, S) in {0, 1}; made from the frames when not given.
            keep: (B, K) patch positions to keep; drawn by the tube mask in training, all in evaluation, if not given.

        Returns:
            (B, T, classes).

        Raises:
            ValueError: a shape does not fit the configuration.
        """
        return self._run(frames, edges, None, keep)[0]

    def step(self, frame: Tensor, state: State | None = None, edge: Tensor | None = None) -> tuple[Tensor, State]:
        """One frame of a stream: frame (B, 3, S, S), edge (B, 1, S, S) -> logits (B, classes) and the new state.

        Memory and time do not grow with the number of frames. No tube mask.
        """
        logits, state = self._run(frame[:, None], None if edge is None else edge[:, None], state, self._all(len(frame)))
        return logits[:, 0], state

    def _all(self, batch: int) -> Tensor:
        return torch.arange(self.config.patches, device=self.head.weight.device).expand(batch, -1)

    def _run(
        self, frames: Tensor, edges: Tensor | None, state: State | None, keep: Tensor | None
    ) -> tuple[Tensor, State]:
        config, size = self.config, self.config.frame_size
        if frames.ndim != 5 or frames.shape[2:] != (3, size, size):
            raise ValueError(f"frames: expected (B, T, 3, {size}, {size}), got {tuple(frames.shape)}")
        if keep is None:
            ratio = config.tube_ratio if self.training else 0.0
            keep = tube_mask(len(frames), config.patches, ratio, frames.device)
        shift = None
        if config.gate == "cross_rwkv":
            shift = shift_index(grid_neighbours(config.grid, keep), config.hidden, config.heads)
        places = self._places(keep) if config.readings.position == "rotary" else None
        prompts, last_edge = self._prompts(frames, edges, state, keep)
        x = self.embedding(frames.transpose(0, 1), keep, not self.embeds_patches)
        layers = []
        for layer, (unit, class_only) in enumerate(zip(self.units, self.class_only, strict=True)):
            before = None if state is None else state.layers[layer]
            o, cells, after = unit(x, prompts[layer], before, shift, places, class_only)
            x = x[:, :, -o.shape[2] :] + o if config.readings.residual else o
            layers.append(after)
        own = (x if config.readings.class_output == "stream" else o)[:, :, -1]
        logits = self.head(self.norm(torch.cat([own, cells], dim=-1)))  # eq. 12, (T, B, classes)
        return logits.transpose(0, 1), State(tuple(layers), last_edge)

    def _prompts(
        self, frames: Tensor, edges: Tensor | None, state: State | None, keep: Tensor
    ) -> tuple[list[Tensor] | list[None], Tensor | None]:
        """Each layer's edge tokens, and the last edge map."""
        if self.edge_prompt is None:
            return [None] * self.config.depth, None
        edges = edges_of(frames) if edges is None else edges.to(frames.dtype)
        if edges.shape != (*frames.shape[:2], 1, *frames.shape[3:]):
            raise ValueError(
                f"edges: expected (B, T, 1, S, S) like frames {tuple(frames.shape)}, got {tuple(edges.shape)}"
            )
        last = edges[:, -1:]
        if self.config.readings.edge_index == "previous":
            first = torch.zeros_like(last) if state is None or state.edge is None else state.edge
            edges = torch.cat([first, edges[:, :-1]], dim=1)
        return self.edge_prompt(edges.transpose(0, 1), keep), last

    def _places(self, keep: Tensor) -> Tensor:
        """Row and column of each token kept, (B, K + 1, 2); the class token's are 0."""
        places = torch.stack([keep // self.config.grid, keep % self.config.grid], dim=-1)
        return torch.cat([places, places.new_zeros(len(keep), 1, 2)], dim=1).to(self.head.weight.dtype)
