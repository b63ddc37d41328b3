"""Closed forms of LCR: parameters and multiply-adds by component, under every reading and ablation, without torch.

The components are those of `lcr.cost.count`, which counts the built model; tests compare both to the integer.
"""

from bisect import bisect_right
from typing import NamedTuple

from lcr.cost.parts import (
    Count,
    channel_mix,
    classifier,
    data_dependent_decay,
    linear,
    norm,
    patch_convolution,
    pointwise_on_patches,
    rotary,
    spatial_mix,
    vector,
)
from lcr.methods import MethodConfig, own
from lcr.model.config import ModelConfig


class Counted(NamedTuple):
    """Parameters and multiply-adds of one view, exact."""

    params: int
    macs: int


def counts(config: ModelConfig) -> dict[str, Count]:
    """Counts of each component; also of the data-dependent decay, which LCR cannot run."""
    c, readings = config.hidden, config.readings
    kernel = 16 if readings.patch_kernel == "overlapping" else config.patch_size
    parts = {
        "patch embedding": patch_convolution(3, kernel, c) + vector(c),  # and the class token
        "head": classifier(2 * c, config.classes),
    }
    if readings.position == "learned":
        parts["positions"] = vector(c, config.patches + 1)
    if config.edge_prompt:
        prompt = patch_convolution(1, config.patch_size, c)
        if readings.zero_conv == "pointwise":
            prompt += pointwise_on_patches(c) * config.depth
        parts["edge prompt"] = prompt + vector(c, int(readings.edge_class_token == "learned"))
    # Plain LSTM gates of [x, h] are 8 C² a token, with one bias.
    unit = {"LSTM gate": linear(c, c) * 8 + vector(c, 4)} if config.gate == "lstm" else _cross_rwkv(config)
    return parts | {name: part * config.depth for name, part in unit.items()}


def _cross_rwkv(config: ModelConfig) -> dict[str, Count]:
    """One layer's gate. Its 15 C² are 1 (CauConv) + 5 (R, G, K, V, W_a) + 9 (channel mix)."""
    c, readings = config.hidden, config.readings
    taps = 4 if readings.cauconv == "tokens" else 2
    # The pointwise layer runs twice: on the frame's part, for all frames at once, and on the past's.
    causal = vector(c, taps + 1) + Count(params=c * c + c, token=2 * c * c)
    spatial = norm(c) + vector(c, 4) + spatial_mix(c, config.head_width, config.bidirectional)
    # K's angles are made outside the gate's own call, so that `lcr.cost.count` finds them in the unit.
    angles = Count(clip=config.head_width if readings.position == "rotary" else 0)
    if readings.edge_norm:
        spatial += norm(c)
    if readings.position == "rotary":
        spatial += rotary(config.head_width) + angles * -1
    if readings.decay == "data_dependent":
        spatial += data_dependent_decay(c)
    channel = norm(c) + channel_mix(c)
    return {"causal convolution": causal, "spatial mix": spatial, "channel mix": channel, "cell": angles}


def parameters(config: ModelConfig) -> dict[str, int]:
    """Number of parameters by component; their sum is the model's."""
    return {name: count.params for name, count in counts(config).items() if count.params}


def multiply_adds(config: ModelConfig, frames: int, kept: int | None = None) -> dict[str, int]:
    """Multiply-adds of one view by component, without components that have none.

    Args:
        frames: T.
        kept: patch tokens that a tube mask keeps; None for all.
    """
    patches = config.patches if kept is None else kept
    macs = {name: count.multiply_adds(patches, frames) for name, count in counts(config).items()}
    return {name: number for name, number in macs.items() if number}


def counted(config: ModelConfig | MethodConfig, frames: int) -> Counted:
    """Parameters and multiply-adds of one view of `frames` frames; a user's own method is built and traced."""
    if isinstance(config, own.Config):
        from lcr.cost.count import cost

        found = cost(config, frames, memory=None)
        return Counted(found.params, round(1e9 * found.gmacs))
    if isinstance(config, MethodConfig):
        return Counted(config.parameters, config.multiply_adds(frames))
    return Counted(sum(parameters(config).values()), sum(multiply_adds(config, frames).values()))


def matched_hidden(config: ModelConfig, target: int) -> int:
    """Width at which `config`, with its heads, has the number of parameters closest to `target`."""

    def size(hidden: int) -> int:
        return sum(parameters(config.model_copy(update={"hidden": hidden})).values())

    high = 1
    while size(high) < target:
        high *= 2
    above = bisect_right(range(high), target, lo=1, key=size)
    return min(range(max(1, above - 1), above + 1), key=lambda hidden: abs(size(hidden) - target))
