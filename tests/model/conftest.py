"""Small models with generic weights, and every switch and reading of a configuration."""

from functools import cache
from typing import get_args, get_origin

import torch

from lcr.config.files import interpretation_names, load_interpretation, load_variant
from lcr.config.load import load_study
from lcr.config.register import reading_variants
from lcr.config.variant import VariantConfig
from lcr.model import LCR, ModelConfig, Readings
from lcr.model.selfcheck import generic, generic_clips
from tests.micro import PROJECT

SIZE, TIMES = 32, 5


def small(**changes) -> ModelConfig:
    sizes = {"frame_size": SIZE, "patch_size": 8, "depth": 2, "hidden": 16, "heads": 2, "classes": 5}
    return ModelConfig.model_validate(sizes | changes)


def clip(batch: int = 2, times: int = TIMES) -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(2)
    frames = torch.randint(0, 256, (batch, times, 3, SIZE, SIZE)) / 255
    return frames, (torch.rand(batch, times, 1, SIZE, SIZE) < 0.2).float()


def alternatives(config: ModelConfig | Readings) -> list[dict]:
    """Each other value of each switch (of a ModelConfig) or reading, sizes and the frames' statistics aside."""
    found = []
    for name, field in type(config).model_fields.items():
        if field.annotation is float:
            found += [{name: 0.0}, {name: 0.75}]
        elif field.annotation not in (int, Readings) and get_origin(field.annotation) is not tuple:
            values = get_args(field.annotation) or (True, False)
            found += [{name: value} for value in values if value != getattr(config, name)]
    return found


RUNNABLE = [one for one in alternatives(Readings()) if "decay" not in one]
READINGS = [{}, *RUNNABLE]
CONFIGS = [
    *({"readings": reading} for reading in READINGS),
    *alternatives(small()),
    {"edge_prompt": False, "readings": {"cell_gate": "sigmoid"}},
    {"edge_prompt": False, "gate": "lstm"},
    {"edge_prompt": False, "frame_source": "edges"},
    {"edge_keys": False, "frame_source": "edges"},
    {"edge_gate": "constant", "readings": {"kv_source": "additive", "cell_gate": "sigmoid"}},
    {"edge_gate": "tokens", "readings": {"cauconv": "tokens", "cell_gate": "sigmoid_plus_cell"}},
    {"gate": "lstm", "lstm_input": "frame"},
    {"gate": "lstm", "readings": {"kv_source": "additive", "residual": True, "class_output": "stream"}},
    {"bidirectional": False, "readings": {"kv_source": "additive"}},
    {"bidirectional": False, "readings": {"cauconv": "tokens", "position": "rotary"}},
]
INTERPRETATIONS = {name: load_interpretation(name) for name in interpretation_names()}
CONFIGS += [{"readings": one.readings.model_dump(exclude_none=True)} for one in INTERPRETATIONS.values()]
CONFIGS = [one for at, one in enumerate(CONFIGS) if one not in CONFIGS[:at]]


def name_of(changes: dict) -> str:
    return " ".join(
        f"{key}={value}" for key, value in (changes | changes.get("readings", {})).items() if key != "readings"
    )


ABLATIONS = load_study("tiny").variants[1:]
FILES = [file.stem for file in sorted((PROJECT / "ablations").glob("*.yaml")) if file.stem != "full"]


@cache
def variants() -> dict[str, VariantConfig]:
    """All that can be trained beside `full`."""
    return {name: load_variant(name) for name in FILES} | reading_variants()


@cache
def logits(config: ModelConfig, compute_unread: bool = False) -> torch.Tensor:
    """Logits in evaluation, on generic weights and clips."""
    with torch.no_grad():
        return generic(config, compute_unread=compute_unread).eval()(*generic_clips(config))


def start(config: ModelConfig, *, compute_unread: bool = False) -> LCR:
    """A model with the weights that a seed starts it with."""
    torch.manual_seed(0)
    return LCR(config, compute_unread=compute_unread)
