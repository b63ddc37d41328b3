"""`lcr new`: a commented file that works, to start from."""

import re
from pathlib import Path
from typing import Annotated, Literal

import typer

from lcr.commands.options import Root
from lcr.config.files import project_root
from lcr.util.errors import InputError
from lcr.util.files import atomic_write

ABLATION = """\
# What this changes of the full model, where the paper speaks of it, and what would be seen if that part mattered.
# One run: lcr train --dataset jester-fixture --ablation {name} --seed 0
# In a table: add {name} to `variants:` of a study in ablations/studies/.
name: {name}
title: {words}
component: tube mask # the part of LCR that it changes
hypothesis: Top-1 changes when half of the token positions are dropped in training.
# One change. A switch of the model: edge_prompt: false, zero_init: false, tube_ratio: 0.5, bidirectional: false,
# gate: lstm, edge_keys: false, edge_gate: tokens; or another reading: readings: {{position: rotary}} (all of them:
# lcr/model/config.py). A training first checks that the change acts.
model: {{tube_ratio: 0.5}}
# Or the recipe (train: {{loss_frames: all}}) or the prediction rule (protocol: {{rule: mean_last}}).
"""

STUDY = """\
# What this study asks. Every key that it does not give is that of the study below `like:`; all keys with their values:
# lcr show study {name}
# Run: snakemake --cores all results/table2.csv --config study={name}
name: {name}
like: tiny
question: {words}?
family: secondary # primary is the family that was named before any run
variants: [full, no_tube_mask] # names of `lcr list variants`
methods: [bag_of_frames-rgb, cnn3d-rgb] # of `lcr list methods`, or my_model.py:build
seeds: [0, 1, 2, 3, 4, 5] # fewer than 6 cannot give p below 0.05
datasets:
  jester-fixture:
    train: {{epochs: 40}}
"""

METHOD = '''\
"""{words}: what it is, and where it comes from."""

import torch
from torch import Tensor, nn


class Network(nn.Module):
    """Mean colour of each frame, and of its edge map, to logits of each frame."""

    def __init__(self, config, classes: int) -> None:
        super().__init__()
        # mean and std of the training clips: red, green, blue, edge
        self.register_buffer("mean", torch.tensor(config.mean), persistent=False)
        self.register_buffer("std", torch.tensor(config.std), persistent=False)
        self.head = nn.Linear(4, classes)

    def forward(self, frames: Tensor, edges: Tensor) -> Tensor:
        """frames (B, T, 3, S, S) in [0, 1] and edges (B, T, 1, S, S) to (B, T, classes), or (B, 1, classes)."""
        means = torch.cat([frames, edges], dim=2).mean((3, 4))
        return self.head((means - self.mean) / self.std)


def build(config, classes: int) -> nn.Module:
    """The module; config.frame_size is S. Run: lcr train --dataset jester-fixture --method {name}.py:build"""
    return Network(config, classes)
'''
KINDS = {"ablation": ABLATION, "study": STUDY, "method": METHOD}


def new(
    kind: Annotated[Literal["ablation", "study", "method"], typer.Argument(help="What to start.")],
    name: Annotated[str, typer.Argument(help="Its name: letters, digits and _.")],
    root: Root = None,
) -> None:
    """Writes a commented file that works: ablations/NAME.yaml, ablations/studies/NAME.yaml, or NAME.py.

    Example: lcr new ablation half_masked
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,60}", name):
        raise InputError(f"'{name:.80}': give a name of small letters, digits and _, such as half_masked")
    ablations = project_root(root) / "ablations"
    folder = {"ablation": ablations, "study": ablations / "studies", "method": Path()}[kind]
    path = folder / f"{name}{'.py' if kind == 'method' else '.yaml'}"
    if path.exists():
        raise InputError(f"{path} is there already; give another name")
    with atomic_write(path) as aside:
        aside.write_text(KINDS[kind].format(name=name, words=name.replace("_", " ")), encoding="utf-8")
    print(path)
