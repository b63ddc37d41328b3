"""table2 and ablations: the paper's numbers as printed, and ours with intervals beside them.

One row a method. Accuracies in percent, differences in percentage points (variant minus full, paired by seed and clip),
intervals 95% over seeds and clips, params_m in millions, gmacs and gflops in 1e9 for one view, peak_mem_gb for one
view's inference. p_value: exact sign-flip test over the seeds on the evaluated clips; p_family: joint sign flips,
step-down over the ablations of the dataset; p_floor: the least p that these seeds could give. family: primary for the
ablations of the study's table2 dataset, which were named before the runs; all else is secondary. equal_within: whether
the 90% interval of the difference lies within ±3 points; verdict: see `lcr.study.stats.verdict`; "not trained" where
the study has a bag of frames and the arm is not above the best one. Rows of source "floor" are floors and ceilings,
those of source "method" systems of Table 2 and a user's own, on the same clips and seeds; no test compares them with
LCR. reads: what a row's model is given; input: frames × height × width. Cells that end in _printed are the paper's, as
printed, also in the rows of the systems that it names; `note` says in words how a row differs from the paper's setting.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lcr.config.run import runs_of
from lcr.config.variant import FULL, METHOD_ARMS, VariantConfig
from lcr.cost import counted
from lcr.methods import ARMS, FLOORS, IMPORTED, READS, MethodConfig
from lcr.model.config import ModelConfig
from lcr.paper.facts import table2, validation_clips
from lcr.study.makers import noted_makers
from lcr.study.predictions import Reader, Results, load, predictions
from lcr.study.stats.intervals import Interval, crossed_interval, paired_interval, sign_flip_p
from lcr.study.stats.joint import joint_flip_p, joint_floor
from lcr.study.stats.verdict import NOT_TRAINED, ablation_verdict, equal_within
from lcr.study.tables.costs import Costs
from lcr.study.tables.frame import Column, Row, Source, integer, interval, number

P_VALUES = (*number(".4g", "p_value", "p_family", "p_floor"), "family", "equal_within", "verdict")
BY_SEED = (Column("top1_by_seed", "list", ".2f"), Column("delta_by_seed", "list", "z.2f"))
COLUMNS = (
    *("method", "variant", "source", "study", "dataset"),
    *interval(".2f", "top1"),
    *number(".2f", "top5"),
    *number(".6f", "params_m"),
    *number(".6g", "gmacs", "gflops"),
    *number(".4g", "peak_mem_gb"),
    *integer("frames", "seeds", "clips"),
    *("reads", "input"),
    *interval("z.2f", "delta_top1", "delta"),
    *P_VALUES,
    *BY_SEED,
    *(
        "top1_printed",
        "top5_printed",
        "params_m_printed",
        "flops_printed",
        "flops_unit_printed",
        "mem_gb_printed",
        "note",
    ),
)
GENERATED = "synthetic clips, not the paper's data"
UNTRAINED = "not above the best bag of frames, so that it counts as not trained"
IDENTICAL = "identical by construction: its switch cannot act under the readings used here"
_SHARED = (
    *("source", "study", "dataset", "condition", "top1", "top5", "pair_accuracy", "flips"),
    *("frames", "seeds", "clips", "input"),
)


def table2_rows(source: Source) -> Iterator[Row]:
    """The paper's Table 2 as printed, then the variants of the study's table2 dataset; raises as `ablations_rows`.

    Printed parameters, FLOPs and memory stay in columns of their own: the header's unit of FLOPs (T) cannot be that of
    most rows, and some parameter counts are not those of the models named.
    """
    for row in table2():
        yield {
            "method": row["method"],
            "source": "published",
            "dataset": "jester",
            **{name: float(row[name]) for name in ("top1", "top5") if row[name]},
            **printed(row),
            "note": "as printed in the paper",
        }
    yield from ablations_rows(source, [source.study.table2])


def printed(row: Mapping[str, str]) -> Row:
    """The cells of a row of the paper's Table 2 as printed, but its accuracy."""
    return {
        "params_m_printed": row["param_m_as_printed"],
        "flops_printed": row["flops_t_as_printed"],
        "flops_unit_printed": "T",
        "mem_gb_printed": row["mem_g_as_printed"],
    }


def ablations_rows(source: Source, datasets: Iterable[str] | None = None) -> Iterator[Row]:
    """The variants of some of the study's datasets, or of all.

    Raises:
        InputError: a run is missing, damaged or stale, or runs cannot be compared (see `load`); or cost.csv
            is missing or counts other models than the runs'.
    """
    costs = Costs(source)
    for row in rows_by_variant(source, predictions, _rows, datasets):
        model = row.pop("model", None)
        known = row["source"] != "method" or METHOD_ARMS[row["variant"]].method != IMPORTED
        yield row | (costs.of(row["dataset"], row["variant"], model) if known else {})


def rows_by_variant(
    source: Source,
    read: Reader,
    make: Callable[[dict[str, Results]], dict[str, list[Row]]],
    datasets: Iterable[str] | None = None,
) -> Iterator[Row]:
    """Rows of some of the study's datasets, or of all, each variant in the study's order.

    A variant that cannot act under the study's readings takes over full's numbers, without intervals and tests.

    Args:
        read: `predictions` or `pairs` of `lcr.study.predictions`.
        make: the rows of each variant of one dataset, from what was loaded; by the variant's name, as its argument.

    Raises:
        InputError: as for `load`, before any row is given.
    """
    compared = [one for one in source.study.compared if read is predictions or one.method != IMPORTED]
    runs = [run for run in runs_of(source.study, source.results, datasets=datasets, variants=compared) if run.acts]
    found = noted_makers(load(runs, read, mixed=source.mixed))
    for dataset in dict.fromkeys(run.dataset for run in runs):
        made = make({one.run.variant.name: one for one in found if one.run.dataset == dataset})
        for variant in compared:
            own = {"method": method_name(variant), "variant": variant.name}
            yield from made.get(variant.name) or (identical(row) | own for row in made[FULL])


def identical(full: Row) -> Row:
    """The cells that a variant which cannot act takes over from full: no intervals, differences or tests."""
    return {name: full[name] for name in _SHARED if name in full} | noted(IDENTICAL, full)


def noted(text: str, row: Row) -> Row:
    """The note of a row, with a text before it."""
    return {"note": "; ".join(filter(None, (text, row["note"])))}


def _rows(found: dict[str, Results]) -> dict[str, list[Row]]:
    """The rows of one dataset, without costs; `model`: the parameters and multiply-adds of the model that was run."""
    full, tests, rows = found[FULL], tests_against_full(found), {}
    for name, one in found.items():
        frames = one.run.config.data.frames
        config = one.run.model(one.record.config["model"]["classes"])
        row = head(one) | estimate("top1", one.arrays["correct"]) | _system(name)
        row |= {
            "source": source_of(one.run.variant),
            "frames": frames,
            "reads": reads(config),
            "input": f"{frames} × {config.frame_size} × {config.frame_size}",
            "model": counted(config, frames),
            "top1_by_seed": tuple(100 * by_seed(one)),
        }
        if "in_top5" in one.arrays:
            row["top5"] = 100 * float(one.arrays["in_top5"].mean())
        if one.run.variant.method not in FLOORS and not shown_to_train(one, best_floor(found)):
            row |= noted(UNTRAINED, row)
        if name in tests:
            row |= estimate("delta_top1", one.arrays["correct"], full.arrays["correct"]) | tests[name]
            if row["delta_top1"] > 0:
                clear = "excludes" if row["delta_ci_low"] > 0 else "includes"
                row |= noted(f"beats full on average (interval {clear} 0)", row)
        rows[name] = [row]
    return rows


def source_of(variant: VariantConfig) -> str:
    """What kind of row an arm has: LCR, a system of Table 2 or a user's own, or a floor or ceiling."""
    return "measured" if variant.is_lcr else "floor" if variant.method in FLOORS else "method"


def reads(config: ModelConfig | MethodConfig) -> str:
    """In words: what a model is given of a clip."""
    if isinstance(config, MethodConfig):
        return {"chance": "nothing", IMPORTED: "not known"}.get(config.method, READS[config.inputs])
    if config.frame_source == "edges":
        return READS["edges"]
    return READS["both" if config.edge_prompt else "rgb"]


def _system(arm: str) -> Row:
    """The printed cells of the row of Table 2 that an arm stands for; none of an arm that stands for none."""
    named = ARMS[arm].row if arm in ARMS else ""
    row = next((row for row in table2() if row["method"] == named), None)
    return {} if row is None else {"top1_printed": row["top1"], "top5_printed": row["top5"]} | printed(row)


def head(one: Results) -> Row:
    """The cells that say of which runs a row is."""
    run = one.run
    names = {"method": method_name(run.variant), "variant": run.variant.name, "dataset": run.dataset}
    return names | {"study": run.study.name, "seeds": len(one.seeds), "clips": len(one.ids), "note": data_note(one)}


def estimate(name: str, values: NDArray[Any], full: NDArray[Any] | None = None) -> Row:
    """A share in percent with its 95% interval over seeds and clips, or a paired difference from full in points.

    Args:
        values, full: (n, M) in [0, 1].
    """
    found = crossed_interval(values) if full is None else paired_interval(values, full)
    ends = name.replace("delta_top1", "delta")
    return {name: 100 * found.mean, f"{ends}_ci_low": 100 * found.low, f"{ends}_ci_high": 100 * found.high}


def tests_against_full(found: dict[str, Results]) -> dict[str, Row]:
    """By ablation: the cells of its tests against full, alone and in the family of the dataset's ablations."""
    full = found[FULL]
    members = {name: (one, full) for name, one in found.items() if name != FULL and one.run.variant.is_lcr}
    family = full.run.study.family if full.run.dataset == full.run.study.table2 else "secondary"
    p_values = family_p(members)
    floor = best_floor(found)
    return {
        name: tested(*pair, p_values[name])[0]
        | {"family": family}
        | ({} if shown_to_train(pair[0], floor) else {"verdict": NOT_TRAINED})
        for name, pair in members.items()
    }


def best_floor(found: dict[str, Results]) -> Results | None:
    """The most accurate bag of frames, which sees no time; None where there is none."""
    bags = (one for one in found.values() if one.run.variant.method == "bag_of_frames")
    return max(bags, key=lambda one: one.arrays["correct"].mean(), default=None)


def shown_to_train(one: Results, floor: Results | None) -> bool:
    """Whether the interval of an arm's accuracy less the floor's lies above 0; true where there is no floor."""
    return floor is None or paired_interval(one.arrays["correct"], floor.arrays["correct"]).low > 0


def family_p(members: dict[str, tuple[Results, Results]]) -> dict[str, float]:
    """By member, an ablation and the full model that it is paired with: its p-value in the family of all members."""
    differences = [by_seed(one) - by_seed(full) for one, full in members.values()]
    return dict(zip(members, map(float, joint_flip_p(differences) if differences else ()), strict=True))


def tested(one: Results, full: Results, p_family: float) -> tuple[Row, Interval]:
    """The cells of an ablation's tests against full, and the 90% interval of the difference behind its verdict."""
    differences = by_seed(one) - by_seed(full)
    close = paired_interval(one.arrays["correct"], full.arrays["correct"], level=0.9)
    ends = 100 * close.low, 100 * close.high
    return {
        "p_value": sign_flip_p(differences),
        "p_family": p_family,
        "p_floor": joint_floor(len(differences)),
        "equal_within": "yes" if equal_within(*ends) else "no",
        "verdict": ablation_verdict(100 * close.mean, p_family, *ends),
        "delta_by_seed": tuple(100 * differences),
    }, close


def by_seed(one: Results) -> NDArray[np.float64]:
    """Accuracy of each seed, (n,) in [0, 1]."""
    return one.arrays["correct"].mean(1)


def method_name(variant: VariantConfig) -> str:
    """`LCR (full)`, `LCR (no edge prompt)`, …; of another method, its title."""
    own = variant.title.startswith("LCR") or not variant.is_lcr
    return variant.title if own else f"LCR ({variant.title})"


def data_note(one: Results) -> str:
    """In words: whether the clips are the paper's, what the intervals leave out, and what was mixed."""
    whole = validation_clips(one.run.dataset)
    parts = (
        GENERATED if one.run.data.synthetic else "",
        f"a subset: {one.evaluated} of {whole} validation clips" if one.evaluated < whole else "",
        "one seed: intervals cover clips alone" if len(one.seeds) == 1 else "",
        one.run.config.note,
        one.mixed,
    )
    return "; ".join(filter(None, parts))
