"""Closed forms of a model's parameters, one expression a component; the tests hold them against the built model."""

from lcr.model.config import ModelConfig


def parameters(config: ModelConfig) -> dict[str, int]:
    """Number of parameters by component; their sum is the model's."""
    c, p, readings = config.hidden, config.patch_size, config.readings
    kernel = 16 if readings.patch_kernel == "overlapping" else p
    position = (config.patches + 1) * c if readings.position == "learned" else 0
    counts = {
        "embedding": 3 * kernel**2 * c + c + c + position,
        "edge_prompt": _edge_prompt(config) if config.edge_prompt else 0,
        "units": config.depth * (8 * c * c + 4 * c if config.gate == "lstm" else _cross_rwkv(config)),
        "head": 2 * 2 * c + 2 * c * config.classes + config.classes,
    }
    return counts


def _edge_prompt(config: ModelConfig) -> int:
    c, readings = config.hidden, config.readings
    zero_convs = config.depth * (c * c + c) if readings.zero_conv == "pointwise" else 0
    return config.patch_size**2 * c + c + zero_convs + (c if readings.edge_class_token == "learned" else 0)


def _cross_rwkv(config: ModelConfig) -> int:
    """15·C² and what is linear in C: Cross-RWKV's matrices are 1 (CauConv) + 5 (R, G, K, V, W_a) + 9 (channel mix)."""
    c, readings = config.hidden, config.readings
    causal = (4 if readings.cauconv == "tokens" else 2) * c + c + c * c + c
    spatial = 5 * c * c + 4 * c + 2 * c + 2 * c  # matrices, mixes, ω and u, LN on the heads
    rotary = 2 * (config.head_width // 4) * 2 if readings.position == "rotary" else 0
    channel = 9 * c * c + c
    norms = 2 * 2 * c + (2 * c if readings.edge_norm else 0)
    return causal + spatial + rotary + channel + norms


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
