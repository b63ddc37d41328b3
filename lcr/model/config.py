"""What a model is: its sizes (Table 1), its ablation switches, and how the paper's open questions are read.

Free of torch, so that the DAG and the tables can name a model without loading one.
"""

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Frozen(BaseModel):
    """A configuration: immutable, typed, and closed to unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())


class Readings(Frozen):
    """One field for each place where the paper can be read in more than one way; the defaults are the readings used.

    kv_source: eq. 3, K and V from the edge tokens alone, or from layer input plus edge tokens.
    cell_gate: eq. 10. sigmoid: C = σ(x^e)(tanh A + C'); literal: C = x^e (tanh A + C') + C'; sigmoid_plus_cell: the
        literal form with σ(x^e). C' is the earlier cell state.
    edge_norm: K and V read a LayerNorm (with bias) of the edge tokens; without it Z = 0 is an exact saddle.
    residual: the next layer's input is x + O instead of O.
    class_output: eq. 12's X_cls^O is the class token of the last layer's stream (x + O), or of its unit (O).
    edge_class_token: the class token's x^e is learned (zero at the start), or the mean of the edge tokens.
    edge_index: eq. 9, x^e_t from frame t, or from frame t-1 (all zero at the first frame).
    zero_conv: Z is P×P with stride P on the edge map, or a shared patch embedding followed by a 1×1 zero convolution
        in each layer.
    cauconv: eq. 2, causal over time (h_{t-1}, x_t) for each token, or along the token sequence of x_t + h_{t-1}.
    position: eq. 1, learned and added, rotary on R and K, or none.
    patch_kernel: kernel P with stride P (Table 1), or kernel 16 with stride P (§3.1's "1×16×16").
    decay: eq. 5, static, or data-dependent as in VRWKV6 (counted by `lcr.cost.count`, not runnable: another operator).
    """

    kv_source: Literal["edges", "additive"] = "edges"
    cell_gate: Literal["sigmoid", "literal", "sigmoid_plus_cell"] = "sigmoid"
    edge_norm: bool = True
    residual: bool = True
    class_output: Literal["stream", "unit"] = "stream"
    edge_class_token: Literal["learned", "mean"] = "learned"
    edge_index: Literal["same", "previous"] = "same"
    zero_conv: Literal["patch", "pointwise"] = "patch"
    cauconv: Literal["time", "tokens"] = "time"
    position: Literal["learned", "rotary", "none"] = "learned"
    patch_kernel: Literal["patch", "overlapping"] = "patch"
    decay: Literal["static", "data_dependent"] = "static"


class ModelConfig(Frozen):
    """An LCR model: S×S frames in P×P patches, `depth` layers of width C = `hidden` with `heads` heads.

    The five switches after `classes` are what the ablations change, one each.
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
    readings: Readings = Readings()

    @model_validator(mode="after")
    def _sizes_fit(self) -> Self:
        if self.frame_size % self.patch_size:
            raise ValueError(f"frame_size {self.frame_size} is no multiple of patch_size {self.patch_size}")
        if self.gate == "cross_rwkv" and self.hidden % (4 * self.heads):
            raise ValueError(
                f"hidden {self.hidden} is no multiple of 4 × heads (Q-Shift quarters each head's channels)"
            )
        return self

    @property
    def grid(self) -> int:
        """Patches along a side: h = w = S / P."""
        return self.frame_size // self.patch_size

    @property
    def patches(self) -> int:
        """Patch tokens a frame, the class token not counted."""
        return self.grid**2

    @property
    def head_width(self) -> int:
        """D = C / heads."""
        return self.hidden // self.heads

    @property
    def mixes_along_tokens(self) -> bool:
        """Whether the causal convolution mixes the class token with patch tokens."""
        return self.gate == "cross_rwkv" and self.readings.cauconv == "tokens"

    @property
    def reads_patches(self) -> bool:
        """Whether a layer reads the patch tokens of its input, which the layer below must then compute."""
        reads_x = self.gate == "lstm" or not self.edge_prompt or self.readings.kv_source == "additive"
        return reads_x or self.mixes_along_tokens

    @property
    def cls_only(self) -> tuple[bool, ...]:
        """For each layer, whether nothing downstream reads its patch tokens, so that the class token suffices."""
        last = self.depth - 1
        return tuple(
            not (self.mixes_along_tokens or (self.reads_patches and layer < last)) for layer in range(self.depth)
        )

    @property
    def runs_wkv(self) -> bool:
        """Whether any layer runs the Bi-WKV operator; a layer that computes its class token only has a scan."""
        return self.gate == "cross_rwkv" and not all(self.cls_only)
