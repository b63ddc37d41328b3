"""Small models with every weight moved off its start, so that nothing is zero by accident."""

import torch

from lcr.model import LCR, ModelConfig

SIZE, TIMES = 32, 5


def small(**changes) -> ModelConfig:
    sizes = {"frame_size": SIZE, "patch_size": 8, "depth": 2, "hidden": 16, "heads": 2, "classes": 5}
    return ModelConfig.model_validate(sizes | changes)


def built(config: ModelConfig, *, moved: bool = True, compute_unread: bool = False) -> LCR:
    torch.manual_seed(0)
    model = LCR(config, compute_unread=compute_unread)
    if moved:
        torch.manual_seed(1)
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.add_(0.1 * torch.randn_like(parameter))
    return model


def clip(batch: int = 2, times: int = TIMES) -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(2)
    frames = torch.randint(0, 256, (batch, times, 3, SIZE, SIZE)) / 255
    return frames, (torch.rand(batch, times, 1, SIZE, SIZE) < 0.2).float()


READINGS = [
    {},
    {"kv_source": "additive"},
    {"cell_gate": "literal"},
    {"cell_gate": "sigmoid_plus_cell"},
    {"edge_norm": False},
    {"residual": False},
    {"class_output": "unit"},
    {"edge_class_token": "mean"},
    {"edge_index": "previous"},
    {"zero_conv": "pointwise"},
    {"cauconv": "tokens"},
    {"position": "rotary"},
    {"position": "none"},
    {"patch_kernel": "overlapping"},
]
SWITCHES = [
    {"edge_prompt": False},
    {"zero_init": False},
    {"tube_ratio": 0.0},
    {"bidirectional": False},
    {"gate": "lstm"},
    {"edge_prompt": False, "readings": {"cell_gate": "literal"}},
    {"edge_prompt": False, "gate": "lstm"},
]
CONFIGS = [{"readings": reading} for reading in READINGS] + SWITCHES


def name_of(changes: dict) -> str:
    return " ".join(
        f"{key}={value}" for key, value in (changes | changes.get("readings", {})).items() if key != "readings"
    )
