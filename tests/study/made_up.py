"""Simulated tables as typed frames: long names, exact zeros, empty cells, all values that a figure must bear."""

from itertools import product

import pandas as pd

from lcr.config.load import load_study
from lcr.config.variant import FULL
from lcr.study.stats.verdict import ablation_verdict
from lcr.study.tables.frame import Row
from lcr.study.tables.multiverse import DEAD, IDENTICAL, NO_PLATEAU, TESTED, readings_of, verdicts_of
from lcr.study.tables.readings import reading_keys
from lcr.study.tables.registry import TABLES

MODELS = ("lcr-s-112", "lcr-base-112", "lcr-l-112", "lcr-base-224", "lcr-l-224", "lcr-xl-224")
PUBLISHED = ((0.82, 0.003), (5.14, 0.022), (9.97, 0.041), (37.62, 0.16), (74.62, 0.31), (111.63, 0.47))
PARTS = {
    "patch embedding": (60, 40),
    "positions": (20, 0),
    "edge prompt": (30, 12),
    "causal convolution": (50, 45),
    "spatial mix": (300, 350),
    "channel mix": (500, 500),
    "head": (10, 1),
}
READINGS = (
    ("kv-source", "default"),
    ("kv-source", "additive"),
    ("cell-gate", "default"),
    ("cell-gate", "literal"),
    ("dead-start", "as-printed"),
    ("position", "rotary"),
    ("decay", "data-dependent"),
)


def table1() -> pd.DataFrame:
    rows: list[Row] = []
    for number, (model, (params, flops)) in enumerate(zip(MODELS, PUBLISHED, strict=True), -2):
        row = {"model": model, "frames": 32, "reading": "default", "params_m_published": params}
        row |= {"params_m": params * (1 + 0.03 * number), "params_error_pct": 3 * number, "flops_t_published": flops}
        rows.append(row | {"gmacs": 700 * flops, "gflops": 1400 * flops, "flops_error_pct": 40.0})
    rows += [row | {"reading": "zero-conv.pointwise", "params_error_pct": 99.0} for row in rows]
    return TABLES["table1"].frame(rows)


def cost() -> pd.DataFrame:
    rows = [("jester-fixture", "lcr-tiny", "full", "head", 1, 1)]
    for number, model in enumerate(MODELS, 1):
        parts = ((name, number * params, number * macs) for name, (params, macs) in PARTS.items())
        rows += [("", model, "full", *part) for part in (*parts, ("all", 1, 1))]
        rows.append(("", model, "lstm_gate", "cell", 1, 1))
    columns = ("dataset", "model", "variant", "component", "params", "macs")
    return TABLES["cost"].frame(dict(zip(columns, row, strict=True)) for row in rows)


def readings() -> pd.DataFrame:
    """Simulated readings, then of each other reading of the register a row that says nothing."""
    costs = {"params_m": 0.1, "gmacs": 0.02}
    rows = []
    for number, (discrepancy, reading) in enumerate(READINGS):
        used = reading == "default"
        row = {"discrepancy": discrepancy, "reading": reading, "default": used, "dataset": "jester-fixture"} | costs
        if reading != "data-dependent":  # counted, never trained
            row |= {"grad_norm_first_step": 10.0**-number, "grad_norm_step_50": 0.3, "cell_growth_64": 3.0**number}
            row |= {"d_logits_d_rgb": 0.0 if used else 0.02, "d_logits_d_edges": 0.4}
            if not used:
                low = -20 + 6 * number
                row |= {"delta_top1": low + 5, "delta_ci_low": low, "delta_ci_high": low + 10}
        rows.append(row)
    others = [key for key in reading_keys() if key not in READINGS]
    rows += [{"discrepancy": one, "reading": name, "default": name == "default"} | costs for one, name in others]
    return TABLES["readings"].frame(rows)


def search() -> pd.DataFrame:
    columns = ("ranking", "rank", "departures", "zero convolution", "params_worst_pct", "flops_worst_pct")
    rows = [("default", 0, 0, "P×P", 38.1, 61.0)]
    for ranking, rank in product(("params", "flops", "both", "simplest"), range(1, 11)):
        rows.append((ranking, rank, 1, f"pointwise {rank}", 0.4 * rank, 3.5 * rank))
    found = TABLES["reading_search"].frame(dict(zip(columns, row, strict=True)) for row in rows)
    return found.assign(**{"patch kernel": "P"})


def multiverse() -> pd.DataFrame:
    """Every state and every verdict: helps along tokens and harms over time, no difference, and undecided cells."""
    study = load_study("multiverse")
    rows: list[Row] = []
    for number, interpretation in enumerate(map(study.interpreted, study.interpretations)):
        for at, variant in enumerate(name for name in study.variants if name != FULL):
            row = {"variant": variant, "study": "made-up", "dataset": "jester-fixture"} | readings_of(interpretation)
            tokens = row["convolution"] == "tokens"
            if interpretation.dead_start or (at == 3 and not tokens and row["kv"] == "edges"):
                rows.append(row | {"state": DEAD if interpretation.dead_start else IDENTICAL})
                continue
            delta = ((-12 if tokens else 9) if at == 0 else (at - 2) * 6) + number / 3
            half, p = (1.5, 0.5) if at == 2 else (5 + at, 0.031 if abs(delta) > 6 else 0.4)
            delta = delta / 8 if at == 2 else delta
            row |= {"delta_top1": delta, "delta_ci_low": delta - half, "delta_ci_high": delta + half, "p_family": p}
            state = NO_PLATEAU if number == 6 else TESTED
            verdict = ablation_verdict(delta, p, delta - 0.8 * half, delta + 0.8 * half)
            rows.append(row | {"state": state, "verdict": verdict if state == TESTED else "", "full_top1": 60.0})
    return TABLES["multiverse"].frame(rows)


def multiverse_tables() -> tuple[pd.DataFrame, pd.DataFrame]:
    """The table `multiverse`, and the verdicts that follow from it."""
    rows = multiverse()
    return rows, TABLES["multiverse_verdicts"].frame(verdicts_of(rows))


ARMS = ("full", "no_edge_prompt", "nonzero_init", "lstm_gate", "cnn3d-both")


def _interval(stem: str, value: float, half: float, ends: str = "") -> dict[str, float]:
    return {stem: value, f"{ends or stem}_ci_low": value - half, f"{ends or stem}_ci_high": value + half}


def tuning() -> pd.DataFrame:
    """The table `tuning`: five arms at three rates, the middle one frozen and best but for one arm."""
    return TABLES["tuning"].frame(
        {"variant": arm, "dataset": "jester-fixture", "learning_rate": rate, "epochs": 40, "seeds": 2, "clips": 400}
        | _interval("top1", 70.0 + 5 * (number == best), 6)
        | {"top1_by_seed": (69.0, 71.0), "chosen": number == best, "edge": best == 0 == number, "frozen": number == 1}
        for arm in ARMS
        for best in [0 if arm == "no_edge_prompt" else 1]
        for number, rate in enumerate((1e-3, 3e-3, 1e-2))
    )


def convergence() -> pd.DataFrame:
    """The table `convergence`: five arms, of which the last two still gain."""
    return TABLES["convergence"].frame(
        {"variant": arm, "dataset": "jester-fixture", "epochs": 40, "longer_epochs": 60, "seeds": 4, "clips": 400}
        | {"top1": 80.0, "longer_top1": 80.0 + at}
        | _interval("gain", float(at), 1.5)
        | {"gain_by_seed": (at - 1.0, at + 1.0), "plateau": at + 1.5 < 3}
        for at, arm in enumerate(ARMS)
    )
