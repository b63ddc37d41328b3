"""The simulated study of tests.study, a copy to damage, and how each figure is drawn from it."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

from lcr.report.figures.ablations import ablations_figure, training_curves_figure
from lcr.report.figures.confusion import confusion_figure
from lcr.report.figures.edge_prompt import PromptClip, edge_prompt_figure
from lcr.report.figures.methods import methods_figure
from lcr.report.figures.multiverse import multiverse_figure
from lcr.report.figures.readings import readings_figure, table1_figure
from lcr.report.figures.reversed_pairs import pairs_figure
from lcr.report.figures.sweeps import convergence_figure, tuning_figure
from lcr.report.figures.table2 import cost_accuracy_figure, table2_figure
from lcr.report.finished import Finished
from lcr.report.notebooks import NOTEBOOKS
from tests.study import made_up
from tests.study.conftest import finished, sources

__all__ = ["finished", "sources"]


@pytest.fixture
def copy(finished: Finished, tmp_path: Path) -> Finished:
    """A copy of the simulated study with a picture for each figure."""
    shutil.copytree(finished.results, tmp_path / "results")
    copied = Finished("made-up", tmp_path / "results")
    (copied.folder / "figures").mkdir()
    for name in NOTEBOOKS:
        (copied.folder / "figures" / f"{name}.png").write_bytes(b"picture")
    return copied


def prompt_clip(times: int = 12, grid: int = 3, layers: int = 2) -> PromptClip:
    random = np.random.default_rng(0)
    size = 16 * grid
    shares = random.random((layers, times, grid**2 + 1))
    return PromptClip(
        study="made-up",
        dataset="jester-fixture",
        label="Swiping Left",
        prediction="Swiping Right",
        frames=random.integers(0, 256, (times, 3, size, size), dtype=np.uint8),
        edges=random.integers(0, 2, (times, 1, size, size), dtype=np.uint8),
        kept=np.arange(grid**2) % 3 > 0,
        shares=shares / shares.sum(-1, keepdims=True),
    )


@pytest.fixture(scope="session")
def figures(finished: Finished) -> dict[str, Callable[[], Figure]]:
    """How each notebook's figure is made, by name."""
    table = finished.table
    return {
        "ablations": lambda: ablations_figure(table("ablations")),
        "table2": lambda: table2_figure(table("table2")),
        "cost_accuracy": lambda: cost_accuracy_figure(table("table2")),
        "methods": lambda: methods_figure(table("table2"), table("temporal")),
        "confusion": lambda: confusion_figure(finished.class_predictions(), table("temporal"), "made-up"),
        "table1": lambda: table1_figure(table("table1"), table("cost")),
        "readings": lambda: readings_figure(table("readings"), table("reading_search").query("rank <= 2")),
        "training_curves": lambda: training_curves_figure(finished.curves(), "made-up"),
        "edge_prompt": lambda: edge_prompt_figure(prompt_clip()),
        "pairs": lambda: pairs_figure(table("pairs")),
        "tuning": lambda: tuning_figure(made_up.tuning()),
        "convergence": lambda: convergence_figure(made_up.convergence()),
        "multiverse": lambda: multiverse_figure(*made_up.multiverse_tables()),
    }
