"""audit: what a sceptic would check before believing the tables, on the table2 dataset.

One row a check and arm: measured, in `unit`, against `bar`; holds: whether it keeps the bar. The bars:

- reads RGB, reads edges: the logits of the arm change where that input does (on generic weights, in evaluation). An
  ablation of LCR reads what full reads; `no_edge_prompt` loses the edges and nothing else.
- acts: the arm's change can act on a logit, so that no row is full's under another name.
- same answers as full: the share of clips and seeds with the same prediction; below 100% for an arm that acts.
- operator: the WKV backend that trained the arm, where its gate has one.
- first gradient: norm before clipping, mean of the first ten steps and of the seeds; below FIRST_GRADIENT.
- clipped steps: the share of the log's windows whose mean norm is above the clip; at most CLIPPED.
- training accuracy: in the last tenth of the steps, beside top-1 on validation clips; a model below its own validation
  accuracy says nothing about overfitting.
- last fifth: validation accuracy at the end minus that four fifths through, in points; below DELTA. The learning rate
  ends near 0, so this is necessary for a plateau and not sufficient; `convergence.csv` tests more steps.
- pair accuracy: the reversed pair on which full does worst; the 95% interval lies above 50%. Of a bag of frames, the
  mean over all pairs; at most BAG, since frames without their order must not tell a movement from its reverse.
- above the bag of frames: top-1 minus that of the best bag of frames; the 95% interval lies above 0.
- normalised by: mean of the red channel that frames are normalised by is the data set's own, not ImageNet's.
"""

from collections.abc import Callable, Iterator

import numpy as np
import torch
from numpy.typing import NDArray

from lcr.config.run import Run, runs_of
from lcr.config.variant import FULL
from lcr.model.config import ModelConfig
from lcr.model.selfcheck import generic, generic_clips, shrunk
from lcr.study.predictions import Results, load, pairs, predictions
from lcr.study.stats.intervals import crossed_interval, paired_interval
from lcr.study.stats.verdict import DELTA
from lcr.study.store import Store
from lcr.study.tables.accuracy import best_floor
from lcr.study.tables.frame import Column, Row, Source, number

COLUMNS = ("check", "variant", "study", "dataset", *number(".4g", "measured"), "unit", "bar", Column("holds", "flag"))
FIRST_GRADIENT = 1000.0
CLIPPED, BAG = 10.0, 55.0  # percent
WITHOUT_EDGES = "no_edge_prompt"


def rows(source: Source) -> Iterator[Row]:
    """Every check, in the order above.

    Raises:
        InputError: a run is missing, damaged or stale, or runs cannot be compared (see `load`).
    """
    study = source.study
    runs = runs_of(study, source.results, datasets=[study.table2])
    acting = [run for run in runs if run.acts]
    found = {one.run.variant.name: one for one in load(acting, predictions, mixed=source.mixed)}
    margins = {one.run.variant.name: one for one in load(acting, pairs, mixed=source.mixed)}
    store = Store(source.results, study.name)
    arms = {run.variant.name: run for run in runs if run.variant.is_lcr}
    checks = (
        *(_inputs(arms), _acts(arms), _operator(arms, found), _answers(arms, found)),
        *(_training(arms, found, store), _pairs(margins), _floor(found), _normalised(found)),
    )
    for check in checks:
        for row in check:
            yield {"study": study.name, "dataset": study.table2} | row


def _row(check: str, variant: str, measured: float, unit: str, bar: str, holds: bool) -> Row:
    return {"check": check, "variant": variant, "measured": measured, "unit": unit, "bar": bar, "holds": bool(holds)}


def reads(config: ModelConfig) -> tuple[bool, bool]:
    """Whether a model's logits depend on the RGB frames, and on the edge maps."""
    config = shrunk(config)
    frames, edges = generic_clips(config)
    with torch.no_grad():
        model = generic(config).eval()
        logits = model(frames, edges)
        return tuple(not torch.equal(logits, model(*given)) for given in ((1 - frames, edges), (frames, 1 - edges)))


def _inputs(arms: dict[str, Run]) -> Iterator[Row]:
    read = {name: reads(run.model(classes=1)) for name, run in arms.items()}
    for at, kind in enumerate(("RGB", "edges")):
        for name, flags in read.items():
            lost = kind == "edges" and name == WITHOUT_EDGES
            wanted = read[FULL][at] and not lost
            bar = "not read" if lost else "as full"
            yield _row(f"reads {kind}", name, float(flags[at]), "1 if read", bar, flags[at] == wanted)


def _acts(arms: dict[str, Run]) -> Iterator[Row]:
    for name, run in arms.items():
        if name != FULL:
            yield _row("acts", name, float(run.acts), "1 if it acts", "1", run.acts)


def _operator(arms: dict[str, Run], found: dict[str, Results]) -> Iterator[Row]:
    for name, run in arms.items():
        model = run.model(classes=1)
        if name in found and model.gate == "cross_rwkv":
            ran = sum(bool(record.trained.backend) for record in found[name].records)
            yield _row("operator", name, ran, "seeds trained with it", "all", ran == len(found[name].seeds))


def _answers(arms: dict[str, Run], found: dict[str, Results]) -> Iterator[Row]:
    full = found[FULL].arrays["predictions"]
    for name in arms:
        if name != FULL and name in found:
            same = 100 * float((found[name].arrays["predictions"] == full).mean())
            yield _row("same answers as full", name, same, "%", "below 100", same < 100)


def _training(arms: dict[str, Run], found: dict[str, Results], store: Store) -> Iterator[Row]:
    """The checks of the training logs of every arm of LCR; the rows of one check stand together."""
    logs = {name: [_log(store, found[name], seed) for seed in found[name].seeds] for name in arms if name in found}

    def mean(name: str, measure: Callable[[list[Row]], float]) -> float:
        return float(np.mean([measure(lines) for lines in logs[name]]))

    for name in logs:
        norm = mean(name, lambda lines: lines[0]["grad_norm"])
        yield _row("first gradient", name, norm, "norm", f"below {FIRST_GRADIENT:g}", norm < FIRST_GRADIENT)
    for name in logs:
        clip = found[name].run.config.train.clip_norm
        share = mean(name, lambda lines: 100 * float(np.mean([line["grad_norm"] > clip for line in lines])))  # noqa: B023
        yield _row("clipped steps", name, share, "%", f"at most {CLIPPED:g}", share <= CLIPPED)
    for name in logs:
        seen = mean(name, lambda lines: 100 * float(np.mean([line["accuracy"] for line in _last(lines)])))
        top1 = 100 * float(found[name].arrays["correct"].mean())
        yield _row("training accuracy", name, seen, "%", f"above validation, {top1:.1f}", seen > top1)
    for name in logs:
        gains = [_late_gain(lines) for lines in logs[name]]
        if None not in gains:
            gain = float(np.mean(gains))
            yield _row("last fifth", name, gain, "points", f"below {DELTA:g}", gain < DELTA)


def _log(store: Store, one: Results, seed: int) -> list[Row]:
    return [line for line in store.metrics(one.run.dataset, one.run.variant.name, seed) if "loss" in line]


def _last(lines: list[Row]) -> list[Row]:
    return [line for line in lines if line["step"] > 0.9 * line["steps"]]


def _late_gain(lines: list[Row]) -> float | None:
    """Validation accuracy at the end minus that at four fifths of the steps or just before, in points."""
    curve = [line for line in lines if "validation_accuracy" in line]
    before = [line for line in curve if line["step"] <= 0.8 * line["steps"]]
    return 100 * (curve[-1]["validation_accuracy"] - before[-1]["validation_accuracy"]) if before else None


def _right(margins: NDArray[np.float64]) -> NDArray[np.float64]:
    return (np.sign(margins) + 1) / 2


def _pairs(margins: dict[str, Results]) -> Iterator[Row]:
    full = margins[FULL]
    if not len(full.ids):
        return
    names = full.arrays["pair"][0]
    found = {name: crossed_interval(_right(full.arrays["as_is"][:, names == name])) for name in np.unique(names)}
    worst = min(found, key=lambda name: found[name].mean)
    low = 100 * found[worst].low
    yield _row(
        f"pair accuracy: {worst}", FULL, 100 * found[worst].mean, "%", f"interval from {low:.1f} above 50", low > 50
    )
    for name, one in margins.items():
        if one.run.variant.method == "bag_of_frames":
            accuracy = 100 * float(_right(one.arrays["as_is"]).mean())
            yield _row("pair accuracy", name, accuracy, "%", f"at most {BAG:g}", accuracy <= BAG)


def _floor(found: dict[str, Results]) -> Iterator[Row]:
    if (best := best_floor(found)) is None:
        return
    for name, one in found.items():
        if one.run.variant.is_lcr:
            above = paired_interval(one.arrays["correct"], best.arrays["correct"])
            low = 100 * above.low
            yield _row(
                "above the bag of frames", name, 100 * above.mean, "points", f"interval from {low:.1f} above 0", low > 0
            )


def _normalised(found: dict[str, Results]) -> Iterator[Row]:
    default = ModelConfig.model_fields["mean"].default
    for name, one in found.items():
        if one.run.variant.is_lcr:
            mean = one.record.config["model"]["mean"]
            yield _row("normalised by", name, mean[0], "mean of red", "not ImageNet's", tuple(mean) != default)
