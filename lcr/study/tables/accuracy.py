"""Rows of table2 and ablations: the paper's numbers as printed, and ours with intervals beside them."""

import csv
from importlib.resources import files
from pathlib import Path

from lcr.config.datasets import is_synthetic
from lcr.config.study import FULL, StudyConfig
from lcr.config.variant import VariantConfig
from lcr.model.config import ModelConfig
from lcr.paper.facts import validation_clips
from lcr.study.predictions import Answers, load_answers
from lcr.study.stats.intervals import (
    Interval,
    crossed_interval,
    holm,
    holm_floor,
    paired_interval,
    sign_flip_p,
)
from lcr.study.tables.costs import Costs
from lcr.study.tables.rows import Row, percent, points

COLUMNS = (
    *("method", "variant", "source", "study", "dataset", "top1", "top1_ci_low", "top1_ci_high", "top5"),
    *("params_m", "gmacs", "gflops", "peak_mem_gb", "frames", "seeds", "clips"),
    *("delta_top1", "delta_ci_low", "delta_ci_high", "p_value", "p_holm", "p_floor_holm"),
    *("params_m_printed", "flops_printed", "flops_unit_printed", "mem_gb_printed", "note"),
)
GENERATED = "generated clips, not the paper's data"


def published_rows() -> list[Row]:
    """The twelve rows of the paper's Table 2, as printed.

    Parameters, FLOPs and memory stay in the printed columns: the header's unit of FLOPs (T) cannot be that of most
    rows, and some parameter counts are not those of the models named.
    """
    text = (files("lcr.paper") / "table2.csv").read_text(encoding="utf-8")
    return [
        {
            "method": row["method"],
            "source": "published",
            "dataset": "jester",
            "top1": row["top1"],
            "top5": row["top5"],
            "params_m_printed": row["param_m_as_printed"],
            "flops_printed": row["flops_t_as_printed"],
            "flops_unit_printed": "T",
            "mem_gb_printed": row["mem_g_as_printed"],
            "note": "as printed in the paper",
        }
        for row in csv.DictReader(text.splitlines())
    ]


def accuracy_rows(
    study: StudyConfig,
    datasets: list[str],
    results: str | Path,
    root: str | Path | None = None,
    *,
    mixed: bool = False,
) -> list[Row]:
    """Measured rows of the datasets: mean over seeds, crossed intervals, and paired differences from `full`.

    Percent and percentage points. p_value: exact sign-flip test over the seeds on the evaluated clips; p_holm: after
    Holm over the ablations of the dataset; p_floor_holm: the least that p_holm could be with these seeds.

    Raises:
        InputError: a run is missing, damaged or stale, or runs cannot be compared (see `load_answers`); or cost.csv is
            missing or of other models than the runs are.
    """
    answers = load_answers(study, datasets, study.variant_configs, results, mixed=mixed)
    costs = Costs(study, results)
    by_dataset = {dataset: [one for one in answers if one.dataset == dataset] for dataset in datasets}
    return [row for some in by_dataset.values() for row in _rows(study, some, costs)]


def _rows(study: StudyConfig, answers: list[Answers], costs: Costs) -> list[Row]:
    """Rows of one dataset."""
    full = next(one for one in answers if one.variant.name == FULL)
    tests = tests_against(full, [one for one in answers if one is not full])
    rows = []
    for one in answers:
        row = _row(study, one, costs)
        if one is not full:
            difference = paired_interval(one.correct, full.correct)
            row |= difference_cells(difference) | tests[one.variant.name]
            if difference.mean > 0:
                clear = "excludes" if difference.low > 0 else "includes"
                row["note"] = "; ".join(filter(None, (f"beats full on average (interval {clear} 0)", row["note"])))
        rows.append(row)
    return rows


def difference_cells(difference: Interval) -> Row:
    """A paired difference from full, in percentage points."""
    return {
        "delta_top1": points(difference.mean),
        "delta_ci_low": points(difference.low),
        "delta_ci_high": points(difference.high),
    }


def tests_against(full: Answers, ablations: list[Answers]) -> dict[str, Row]:
    """By variant: the sign-flip test's p-value, that after Holm over `ablations`, and the least there could be."""
    p_values = [sign_flip_p(one.correct.mean(1) - full.correct.mean(1)) for one in ablations]
    floor = holm_floor(len(full.seeds), len(ablations))
    return {
        one.variant.name: {"p_value": f"{p:.4g}", "p_holm": f"{p_holm:.4g}", "p_floor_holm": f"{floor:.4g}"}
        for one, p, p_holm in zip(ablations, p_values, holm(p_values), strict=True)
    }


def _row(study: StudyConfig, one: Answers, costs: Costs) -> Row:
    """One variant's own numbers."""
    config = study.dataset(one.dataset)
    model = ModelConfig.model_validate(one.info["config"]["model"])
    top1 = crossed_interval(one.correct)
    seeds, clips = one.correct.shape
    return {
        "method": method_name(one.variant),
        "variant": one.variant.name,
        "source": "measured",
        "study": study.name,
        "dataset": one.dataset,
        "top1": percent(top1.mean),
        "top1_ci_low": percent(top1.low),
        "top1_ci_high": percent(top1.high),
        "top5": "" if one.in_top5 is None else percent(float(one.in_top5.mean())),
        **costs.of(one.dataset, one.variant.name, model, config.data.frames),
        "frames": str(config.data.frames),
        "seeds": str(seeds),
        "clips": str(clips),
        "note": data_note(study, one.dataset, clips, seeds, one.mixed),
    }


def method_name(variant: VariantConfig) -> str:
    """`LCR (full)`, `LCR (no edge prompt)`, …"""
    return variant.title if variant.title.startswith("LCR") else f"LCR ({variant.title})"


def data_note(study: StudyConfig, dataset: str, clips: int, seeds: int, mixed: str = "") -> str:
    """In words: whether the clips are the paper's, what the intervals leave out, and what was mixed."""
    whole = validation_clips(dataset)
    parts = (
        GENERATED if is_synthetic(dataset) else "",
        f"a subset: {clips} of {whole} validation clips" if clips < whole else "",
        "one seed: intervals cover clips alone" if seeds == 1 else "",
        study.dataset(dataset).note,
        mixed,
    )
    return "; ".join(filter(None, parts))
