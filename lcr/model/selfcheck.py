"""Self-check of a model before a training: its fast path equals its plain path, and its switch acts.

The plain path, `LCR(config, compute_unread=True)`, runs `CrossRWKV.forward` and `cell` on every token. The fast path
leaves out the tokens that nothing reads (`ModelConfig.cls_only`) and runs the class token by `lcr.model.scan`
where `ModelConfig.scans`. Without the check, training would ignore a switch that the plain path alone knows.
"""

from zlib import crc32

import torch
from torch import Tensor

from lcr.model.config import ModelConfig
from lcr.model.lcr import LCR
from lcr.util.errors import RunFailed

BATCH, FRAMES, CLASSES = 2, 3, 5
NOISE = 1e-4  # relative, of outputs; in float32 two right paths differ by less than 1e-6
STEEPER = 10  # gradients may differ by this many times as much

Named = dict[str, Tensor]


def shrunk(config: ModelConfig) -> ModelConfig:
    """`config` with at most 2 layers and 2 heads of 8 channels, which run in milliseconds; frames as they are."""
    heads = min(config.heads, 2)
    return config.model_copy(
        update={"depth": min(config.depth, 2), "heads": heads, "hidden": 8 * heads, "classes": CLASSES}
    )


def generic(config: ModelConfig, *, compute_unread: bool = False) -> LCR:
    """A model whose parameters are normal numbers drawn by name and shape, so that none is zero; float32, on the CPU.

    Two models have equal values in the parameters that they share. A matrix is divided by the root of its inputs'
    number. The caller's random numbers stay as they were.
    """
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        model = LCR(config, compute_unread=compute_unread)
        for name, parameter in model.named_parameters():
            generator = torch.Generator().manual_seed(crc32(name.encode()))
            parameter.copy_(torch.randn(parameter.shape, generator=generator) / max(1, parameter[0].numel()) ** 0.5)
    return model


def generic_clips(config: ModelConfig) -> tuple[Tensor, Tensor]:
    """Random frames (2, 3, 3, S, S) in [0, 1] and edge maps (2, 3, 1, S, S) in {0, 1}, the same each time."""
    generator, size = torch.Generator().manual_seed(0), config.frame_size
    frames = torch.rand(BATCH, FRAMES, 3, size, size, generator=generator)
    return frames, (torch.rand(BATCH, FRAMES, 1, size, size, generator=generator) < 0.2).float()


def _run(model: LCR) -> tuple[Named, Named]:
    """The class token's O of each unit and the logits, then the gradient of each parameter, by name."""
    outputs: Named = {}
    for layer, unit in enumerate(model.units):
        unit.register_forward_hook(
            lambda _, given, made, name=f"units.{layer}": outputs.update({name: made[0][:, :, -1]})
        )
    keep = torch.arange(0, model.config.patches, 2).expand(BATCH, -1)  # every other patch, as under a tube mask
    with torch.random.fork_rng(devices=[]), torch.enable_grad():
        torch.manual_seed(0)
        outputs["head"] = logits = model.train()(*generic_clips(model.config), keep=keep)
        (logits * torch.linspace(1, 9, logits.numel()).sin().view_as(logits)).sum().backward()
    gradients = {
        name: torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
        for name, parameter in model.named_parameters()
    }
    return outputs, gradients


def _differing(ours: Named, theirs: Named, noise: float) -> list[str]:
    """Names whose ‖ours - theirs‖ exceeds `noise` of ‖theirs‖, or of a thousandth of the largest norm; worst first."""
    least = 1e-3 * max(tensor.norm() for tensor in theirs.values())
    errors = {name: float(((ours[name] - x).norm() / x.norm().clamp(min=least)).detach()) for name, x in theirs.items()}
    return sorted((name for name in errors if not errors[name] <= noise), key=errors.get, reverse=True)


def check_paths(config: ModelConfig) -> None:
    """Compares logits and gradients of the fast and the plain path of a model, on 2 clips of 3 frames at a small width.

    The check takes a tenth of a second on a CPU and leaves the caller's random numbers as they were.

    Raises:
        RunFailed: the paths differ by more than float noise, or only the plain one runs; the message names the first
            layer that differs, the parameter whose gradient differs most, and the file of the fast path.
    """
    config = shrunk(config)
    fast = "lcr/model/scan.py" if config.scans else "ModelConfig.cls_only, lcr/model/config.py"
    plain = "LSTMGate, lcr/model/lstm_gate.py" if config.gate == "lstm" else "CrossRWKV.forward and cell, lcr/model"
    mend = "make the same change in both, or let ModelConfig.scans and cls_only (lcr/model/config.py) be False for it"
    outputs, gradients = _run(generic(config, compute_unread=True))
    try:
        fast_outputs, fast_gradients = _run(generic(config))
    except Exception as error:
        raise RunFailed(
            f"the model runs by its plain path ({plain}), not by its fast one ({fast}): {error}; {mend}"
        ) from error
    layers = _differing(fast_outputs, outputs, NOISE)
    parameters = _differing(fast_gradients, gradients, STEEPER * NOISE)
    if layers or parameters:
        first = [name for name in outputs if name in layers][:1]
        where = " and the gradient of ".join([*first, *parameters[:1]])
        raise RunFailed(f"{where}: the model's fast path ({fast}) differs from its plain path ({plain}); {mend}")


def _effects(config: ModelConfig) -> Named:
    """Every weight at the start, and the logits in training and in evaluation on generic weights, by name."""
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(0)
        start = LCR(config).state_dict()
        model, clips = generic(config), generic_clips(config)
        torch.manual_seed(0)
        return start | {"training": model.train()(*clips), "evaluation": model.eval()(*clips)}


def check_acts(config: ModelConfig, full: ModelConfig) -> None:
    """Checks that a variant whose model is not `full`'s differs in a start weight or in a logit, at a small width.

    The check takes a tenth of a second on a CPU and leaves the caller's random numbers as they were.

    Raises:
        RunFailed: not one bit differs; the message names the fields of the configuration that were changed.
    """
    ours, theirs = shrunk(config), shrunk(full)
    if ours == theirs:  # the variant changes sizes, or the recipe
        return
    effects, expected = _effects(ours), _effects(theirs)
    if effects.keys() == expected.keys() and all(torch.equal(effects[name], expected[name]) for name in expected):
        fields = ", ".join(name for name, value in ours if value != getattr(theirs, name))
        raise RunFailed(
            f"{fields}: the change acts on no start weight and no logit of this model; use it in lcr/model, "
            "or say so in the variant's cannot_act_under"
        )
