"""LCR's closed form: its parts, by the components that `lcr.cost.count` names, under every reading and ablation."""

from typing import NamedTuple

from lcr.cost.parts import (
    Count,
    channel_mix,
    classifier,
    data_dependent_decay,
    learned_positions,
    linear,
    norm,
    patch_convolution,
    pointwise_on_patches,
    rotary_key_angles,
    rotary_positions,
    spatial_mix,
    vector,
)
from lcr.model.config import ModelConfig


class Counted(NamedTuple):
    """Of one view, exact: parameters and multiply-adds."""

    params: int
    macs: int


def counts(config: ModelConfig) -> dict[str, Count]:
    """Counts by component; also of the data-dependent decay, which can be counted but not run."""
    c, readings = config.hidden, config.readings
    kernel = 16 if readings.patch_kernel == "overlapping" else config.patch_size
    parts = {
        "patch embedding": patch_convolution(3, kernel, c) + vector(c),  # and the class token
        "head": classifier(2 * c, config.classes),
    }
    if readings.position == "learned":
        parts["positions"] = learned_positions(config.patches, c)
    if config.edge_prompt:
        parts["edge prompt"] = _edge_prompt(config)
    unit = _lstm_gate(c) if config.gate == "lstm" else _cross_rwkv(config)
    return parts | {name: part * config.depth for name, part in unit.items()}


def _edge_prompt(config: ModelConfig) -> Count:
    c, readings = config.hidden, config.readings
    count = patch_convolution(1, config.patch_size, c)
    if readings.zero_conv == "pointwise":
        count += pointwise_on_patches(c) * config.depth
    return count + vector(c) if readings.edge_class_token == "learned" else count


def _cross_rwkv(config: ModelConfig) -> dict[str, Count]:
    """One layer's gate. Its 15 C² are 1 (CauConv) + 5 (R, G, K, V, W_a) + 9 (channel mix)."""
    c, readings = config.hidden, config.readings
    taps = 4 if readings.cauconv == "tokens" else 2
    # The pointwise layer runs twice: on the frame's part, for all frames at once, and on the past's.
    causal = vector(c, taps) + vector(c) + Count(params=c * c + c, token=2 * c * c)
    angles = rotary_key_angles(config.head_width) if readings.position == "rotary" else Count()
    spatial = norm(c) + vector(c, 4) + spatial_mix(c, config.head_width, config.bidirectional)
    if readings.edge_norm:
        spatial += norm(c)
    if readings.position == "rotary":
        spatial += rotary_positions(config.head_width)
    if readings.decay == "data_dependent":
        spatial += data_dependent_decay(c)
    channel = norm(c) + channel_mix(c)
    # K's angles are made outside the gate's own call, so `lcr.cost.count` finds them in the unit.
    return {"causal convolution": causal, "spatial mix": spatial, "channel mix": channel, "cell": angles}


def _lstm_gate(c: int) -> dict[str, Count]:
    """Plain LSTM gates of [x, h]: 8 C² a token, one bias."""
    return {"LSTM gate": linear(c, c) * 8 + vector(c, 4)}


def parameters(config: ModelConfig) -> dict[str, int]:
    """Number of parameters by component; their sum is the model's."""
    return {name: count.params for name, count in counts(config).items() if count.params}


def multiply_adds(config: ModelConfig, frames: int, kept: int | None = None) -> dict[str, int]:
    """Multiply-adds of one view by component, where there are any.

    Args:
        frames: T.
        kept: patch tokens that a tube mask leaves; all if not given.
    """
    patches = config.patches if kept is None else kept
    macs = {name: count.multiply_adds(patches, frames) for name, count in counts(config).items()}
    return {name: number for name, number in macs.items() if number}


def counted(config: ModelConfig, frames: int) -> Counted:
    """Parameters and multiply-adds of one view."""
    return Counted(sum(parameters(config).values()), sum(multiply_adds(config, frames).values()))


def matched_hidden(config: ModelConfig, target: int) -> int:
    """The width at which `config` has the number of parameters closest to `target`, heads kept."""

    def size(hidden: int) -> int:
        return sum(parameters(config.model_copy(update={"hidden": hidden})).values())

    low, high = 1, 1
    while size(high) < target:
        high *= 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if size(middle) <= target else (low, middle)
    return min((low, high), key=lambda hidden: abs(size(hidden) - target))
