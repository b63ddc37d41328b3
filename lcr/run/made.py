"""The maker of weights and predictions in this process, for the weights' description and for run.json."""

import os
import platform
import re
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

import torch

from lcr.config.made import GitState, Hardware, Made
from lcr.config.study import StudyConfig
from lcr.methods import MethodConfig
from lcr.model.config import ModelConfig
from lcr.util.provenance import PACKAGE, git_state, lock_hash
from lcr.util.schema import parse
from lcr.wkv import backend_for
from lcr.wkv.library import instruction_sets

PACKAGES = ("torch", "numpy", "opencv-python-headless", "pandas", "pyarrow", "fvcore", "safetensors")


def made_here(study: StudyConfig, config: ModelConfig | MethodConfig, device: torch.device) -> Made:
    """The maker of a run of this model in this process; prints to stderr why a commit is unknown."""
    runs_wkv = isinstance(config, ModelConfig) and config.runs_wkv
    backend = backend_for(device, width=config.head_width) if runs_wkv else None
    git = GitState.model_validate(git_state())
    if git.commit is None:
        print(f"commit unknown, because {git.why} ({PACKAGE})", file=sys.stderr)
    return Made(
        backend=backend,
        versions={"python": platform.python_version()} | {name: metadata.version(name) for name in PACKAGES},
        hardware=_hardware(device, backend),
        threads=study.threads,
        git=git,
        lock_hash=lock_hash(),
    )


def maker_of(about: dict[str, Any], path: Path) -> Made | None:
    """The maker that the weights' description names; None in weights of an earlier version.

    Raises:
        InputError: the description is damaged.
    """
    return None if about.get("made") is None else parse(Made, about["made"], f"{path}, made")


def _hardware(device: torch.device, backend: str | None) -> Hardware:
    found = Path("/proc/cpuinfo")  # Linux has it, and on Arm it has no name
    names = re.findall(r"^model name\s*: (.*)$", found.read_text() if found.exists() else "", re.MULTILINE)
    return Hardware(
        cpu=names[0] if names else platform.machine(),
        cores=os.cpu_count(),
        simd=torch.backends.cpu.get_cpu_capability(),
        kernel=instruction_sets()[-1] if backend == "cpu" else None,
        gpu=torch.cuda.get_device_name(device) if device.type == "cuda" else None,
    )
