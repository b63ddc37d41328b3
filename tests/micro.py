"""A study of one small run, for tests of what is done with a run."""

from pathlib import Path

from lcr.config.load import load_study
from lcr.config.run import Run
from lcr.run.train import train

PROJECT = Path(__file__).parent.parent
STUDY = """
name: micro
question: Does the machinery work?
variants: [full]
seeds: [0]
table2: jester-fixture
datasets:
  jester-fixture:
    model: lcr-tiny
    fixture: {train: 4, validation: 3, classes: [Swiping Left, Swiping Right]}
    data: {frames: 12, pack: true}
    protocol: {rule: max_last, last_frames: 10}
    train: {epochs: 15, batch_size: 4, learning_rate: 1.0e-3, checkpoint_seconds: 0.01}
"""


def micro_run(results: str | Path, seed: int = 0) -> Run:
    """The run of the micro study, which lies in the working directory."""
    study = load_study("micro.yaml")
    return Run(study=study, dataset="jester-fixture", variant=study.variant("full"), seed=seed, results=Path(results))


def run(results: str | Path, seed: int = 0) -> Path:
    return train(micro_run(results, seed))
