"""Configuration of a model: its sizes (Table 1), its ablation switches, and the readings of the paper's open questions.

This module loads no torch, so that the DAG and the tables can name a model.
"""

from typing import Literal, Self

from pydantic import Field, model_validator

from lcr.util.schema import Frozen

Statistics = tuple[float, float, float, float]  # of the red, green, blue and edge values


class Readings(Frozen):
    """Readings: one answer to each question that the paper leaves open.

    The defaults are the interpretation `literal`: every equation as printed, completed by the least. Other named
    bundles are in ablations/interpretations/, and any reading combines with any other.

    kv_source: eq. 3, K and V from the edge tokens alone, or from the layer's input plus the edge tokens.
    cell_gate: eq. 10. literal: C_t = x^e (tanh A_t + C_{t-1}) + C_{t-1}; sigmoid: C_t = σ(x^e)(tanh A_t + C_{t-1});
        sigmoid_plus_cell: the literal form with σ(x^e) for x^e.
    edge_norm: whether K and V read a LayerNorm (with bias) of the edge tokens; eq. 3 has none.
    residual: the next layer's input is O, or x + O.
    class_output: eq. 12's X_cls^O is the class token of the last layer's unit (O), or of its stream (x + O).
    edge_class_token: x^e of the class token is the mean of the visible edge tokens, or learned (zero at the start).
    edge_index: eq. 9, x^e_t from frame t, or from frame t-1 (all zero at the first frame).
    zero_conv: Z is P×P with stride P on the edge map, or a shared patch embedding followed by a 1×1 zero convolution
        in each layer.
    cauconv: eq. 2, CauConv over time (h_{t-1}, x_t) for each token, or along the token sequence of x_t + h_{t-1}.
    position: eq. 1, learned and added, rotary on R and K, or none.
    patch_kernel: kernel P with stride P (Table 1), or kernel 16 with stride P (§3.1's "1×16×16").
    decay: eq. 5, static, or data-dependent as in VRWKV6, another operator, which `lcr.cost` counts and LCR refuses.
    """

    kv_source: Literal["edges", "additive"] = "edges"
    cell_gate: Literal["literal", "sigmoid", "sigmoid_plus_cell"] = "literal"
    edge_norm: bool = False
    residual: bool = False
    class_output: Literal["unit", "stream"] = "unit"
    edge_class_token: Literal["mean", "learned"] = "mean"
    edge_index: Literal["same", "previous"] = "same"
    zero_conv: Literal["patch", "pointwise"] = "patch"
    cauconv: Literal["time", "tokens"] = "time"
    position: Literal["learned", "rotary", "none"] = "learned"
    patch_kernel: Literal["patch", "overlapping"] = "patch"
    decay: Literal["static", "data_dependent"] = "static"

    def distance(self) -> int:
        """The number of readings that differ from `literal`."""
        return sum(value != getattr(Readings(), name) for name, value in self)


class ModelConfig(Frozen):
    """Configuration of an LCR model: S×S frames in P×P patches, `depth` layers of width C = `hidden`, `heads` heads.

    Each ablation changes one of the five switches after `classes`; the controls change the three after them.

    edge_prompt: whether x^e (eq. 9) exists; without it K and V read the frame's tokens.
    zero_init: whether Z starts at zero. tube_ratio: the share of patch positions that the tube mask drops in training.
    bidirectional: whether Bi-WKV reads the tokens after its own. gate: Cross-RWKV, or plain LSTM gates.

    edge_keys: whether x^e reaches K and V; without it they read the layer's input alone.
    edge_gate: the factor of eq. 10 comes from x^e (edges), from A_t (tokens), or is 1/2 throughout (constant); without
        an edge prompt, A_t stands in for x^e.
    frame_source: the patch embedding reads the RGB frames, or the edge maps in their place (three equal channels).
    lstm_input: plain LSTM gates read the tokens that the Cross-RWKV gate would read (gate), or the frame's (frame).

    mean, std: of the red, green, blue and edge values in [0, 1], which normalise what the patch embedding reads. The
    default is ImageNet's; a training takes the dataset's own.
    """

    frame_size: int = Field(gt=0)
    patch_size: int = Field(gt=0)
    depth: int = Field(gt=0)
    hidden: int = Field(gt=0)
    heads: int = Field(gt=0)
    classes: int = Field(gt=0)
    edge_prompt: bool = True
    zero_init: bool = True
    tube_ratio: float = Field(0.3, ge=0, lt=1)
    bidirectional: bool = True
    gate: Literal["cross_rwkv", "lstm"] = "cross_rwkv"
    edge_keys: bool = True
    edge_gate: Literal["edges", "tokens", "constant"] = "edges"
    frame_source: Literal["rgb", "edges"] = "rgb"
    lstm_input: Literal["gate", "frame"] = "gate"
    readings: Readings = Readings()
    mean: Statistics = (0.485, 0.456, 0.406, 0.0)
    std: Statistics = (0.229, 0.224, 0.225, 1.0)

    @model_validator(mode="after")
    def _sizes_fit(self) -> Self:
        if self.frame_size % self.patch_size:
            raise ValueError(f"frame_size {self.frame_size} is not a multiple of patch_size {self.patch_size}")
        if self.gate == "cross_rwkv" and self.hidden % (4 * self.heads):
            raise ValueError(
                f"hidden {self.hidden} is not a multiple of 4 × heads = {4 * self.heads} (Q-Shift quarters each head)"
            )
        return self

    @model_validator(mode="after")
    def _prompt_is_read(self) -> Self:
        read = self.edge_keys or self.edge_gate == "edges" or self.gate == "lstm"
        if self.edge_prompt and not read:
            raise ValueError(
                "nothing reads the edge prompt (edge_keys: false, edge_gate: not edges); take it out with "
                "edge_prompt: false"
            )
        return self

    @property
    def grid(self) -> int:
        """Number of patches along a side: h = w = S / P."""
        return self.frame_size // self.patch_size

    @property
    def patches(self) -> int:
        """Number of patch tokens a frame, without the class token: N - 1."""
        return self.grid**2

    @property
    def head_width(self) -> int:
        """Channels of one head: D = C / heads."""
        return self.hidden // self.heads

    @property
    def mixes_along_tokens(self) -> bool:
        """Whether CauConv (eq. 2) mixes the class token with patch tokens."""
        return self.gate == "cross_rwkv" and self.readings.cauconv == "tokens"

    @property
    def mixes_edges_alone(self) -> bool:
        """Whether all that a layer reads of a frame beside its class token is the edge tokens (eq. 3 as printed)."""
        own = self.readings.kv_source == "edges" and self.readings.cauconv == "time"
        return self.edge_prompt and own and (self.edge_keys if self.gate == "cross_rwkv" else self.lstm_input == "gate")

    @property
    def reads_patches(self) -> bool:
        """Whether a layer reads the patch tokens of its input, so that the layer below has to compute them."""
        return not self.mixes_edges_alone

    @property
    def cls_only(self) -> tuple[bool, ...]:
        """For each layer, whether its class token suffices, because neither a layer nor the head reads its patches."""
        last = self.depth - 1
        return tuple(
            not (self.mixes_along_tokens or (self.reads_patches and layer < last)) for layer in range(self.depth)
        )

    @property
    def scans(self) -> bool:
        """Whether layers run `lcr.model.scan`, which equals the plain steps to rounding.

        The scan does not rotate R. A switch that changes the mathematics in `CrossRWKV` or `cell` alone has to make
        this property False, or be added to the scan.
        """
        return self.gate == "cross_rwkv" and (self.readings.position != "rotary" or all(self.cls_only))

    @property
    def runs_wkv(self) -> bool:
        """Whether any layer runs the Bi-WKV operator; a layer that is `cls_only` weights its keys instead."""
        return self.gate == "cross_rwkv" and not all(self.cls_only)
