"""Every figure, drawn from the made-up study."""

from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.figure import Figure

from lcr.report.figures.edge_prompt import PromptClip
from lcr.report.finished import Finished


def prompt_clip(times: int = 12, grid: int = 3, layers: int = 2) -> PromptClip:
    random = np.random.default_rng(0)
    size, tokens = 16 * grid, grid**2 + 1
    shares = random.random((layers, times, tokens))
    return PromptClip(
        "made-up",
        "jester-fixture",
        "Swiping Left",
        "Swiping Right",
        random.integers(0, 256, (times, 3, size, size), dtype=np.uint8),
        random.integers(0, 2, (times, 1, size, size), dtype=np.uint8),
        np.arange(grid**2) % 3 > 0,
        shares / shares.sum(-1, keepdims=True),
    )


@pytest.fixture(scope="session")
def figures(finished: Finished) -> dict[str, Callable[[], Figure]]:
    """How each notebook's figure is made, by name."""
    from lcr.report.figures.ablations import ablations_figure
    from lcr.report.figures.confusion import confusion_figure
    from lcr.report.figures.cost_accuracy import cost_accuracy_figure
    from lcr.report.figures.edge_prompt import edge_prompt_figure
    from lcr.report.figures.readings import readings_figure
    from lcr.report.figures.table1 import table1_figure
    from lcr.report.figures.table2 import table2_figure
    from lcr.report.figures.training_curves import training_curves_figure

    rows = finished.rows
    return {
        "ablations": lambda: ablations_figure(rows("ablations")),
        "table2": lambda: table2_figure(rows("table2")),
        "cost_accuracy": lambda: cost_accuracy_figure(rows("table2")),
        "confusion": lambda: confusion_figure(finished.class_answers(), rows("temporal"), "made-up"),
        "table1": lambda: table1_figure(rows("table1"), rows("cost")),
        "readings": lambda: readings_figure(rows("readings"), rows("reading_search")),
        "training_curves": lambda: training_curves_figure(finished.curves(), "made-up"),
        "edge_prompt": lambda: edge_prompt_figure(prompt_clip()),
    }
