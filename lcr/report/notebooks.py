"""The notebooks: title, tables and run files of each. Free of matplotlib, since the DAG asks at every call.

Each notebook draws one figure, saved under the notebook's name.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from lcr.config.study import StudyConfig


@dataclass(frozen=True)
class Notebook:
    """A notebook of `notebooks/`.

    title: of its figure. tables: the tables that it reads. run_files: the files that it reads of each run.
    full_only: it reads runs of the full model alone.
    """

    title: str
    tables: tuple[str, ...]
    run_files: tuple[str, ...] = ()
    full_only: bool = False


NOTEBOOKS = {
    "ablations": Notebook("Which part of LCR matters: each ablation against the full model", ("ablations",)),
    "table2": Notebook("Table 2: published and measured accuracy", ("table2",)),
    "cost_accuracy": Notebook("Accuracy against cost", ("table2",)),
    "methods": Notebook("Accuracy and pair accuracy against each cost", ("table2", "temporal")),
    "confusion": Notebook(
        "Which classes are confused, and the time-reversed pairs",
        ("ablations", "temporal"),
        ("predictions.parquet",),
        full_only=True,
    ),
    "pairs": Notebook("Movement or its reverse: accuracy on each pair", ("pairs",)),
    "table1": Notebook("Table 1: published against counted, and each component's share", ("table1", "cost")),
    "readings": Notebook("Effects of each reading of the paper", ("readings",)),
    "training_curves": Notebook("How the runs learned", ("ablations",), ("metrics.jsonl",)),
    "edge_prompt": Notebook(
        "One clip: frames, Canny maps, kept tubes, and the class token's reading",
        ("ablations", "table2"),
        ("model.safetensors", "predictions.parquet", "run.json"),
        full_only=True,
    ),
}
MULTIVERSE = {
    "multiverse": Notebook("Each ablation under every interpretation", ("multiverse", "multiverse_verdicts")),
}
TUNING = {"tuning": Notebook("Accuracy of every arm at each learning rate", ("tuning",))}
CONVERGENCE = {"convergence": Notebook("What more steps gain, for every arm", ("convergence",))}
EVERY = NOTEBOOKS | MULTIVERSE | TUNING | CONVERGENCE


def notebooks_of(study: StudyConfig) -> Mapping[str, Notebook]:
    """The notebooks that a study has: a sweep and a multiverse have their own."""
    if study.sweep is not None:
        return (TUNING if study.sweep.learning_rates else {}) | (CONVERGENCE if study.sweep.lengths else {})
    return MULTIVERSE if study.interpretations else NOTEBOOKS
