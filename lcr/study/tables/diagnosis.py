"""Diagnoses as table rows: reading_diagnosis.csv and reading_gradients.csv."""

import math

from lcr.config.study import FULL
from lcr.cost.count import component
from lcr.probes.diagnosis import Diagnosis, total
from lcr.study.tables.rows import Row


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.4g}" if math.isfinite(value) else "inf"


def diagnosis_rows(study: str, dataset: str, classes: int, found: dict[str, Diagnosis]) -> list[Row]:
    """One row a reading: its gradients together, what its logits see, how its cell grows."""
    rows = []
    for name, one in found.items():
        same = name != FULL and one == found[FULL]
        row = {
            "study": study,
            "dataset": dataset,
            "variant": name,
            "classes": str(classes),
            "grad_norm_first_step": _number(total(one.first_step)),
            "note": "in its first steps no different from the default on this model" if same else one.note,
        }
        if not one.note:
            row |= {
                "grad_norm_step_50": _number(total(one.later_step)),
                "never_trained_params": str(sum(one.never_trained.values())),
                "d_logits_d_rgb": _number(one.d_rgb),
                "d_logits_d_edges": _number(one.d_edges),
                "cell_growth_64": _number(one.cell_growth),
            }
        rows.append(row)
    return rows


def gradient_rows(study: str, dataset: str, found: dict[str, Diagnosis]) -> list[Row]:
    """One row a reading and parameter, the layers taken together."""
    return [
        {
            "study": study,
            "dataset": dataset,
            "variant": name,
            "component": component(parameter.replace("*", "0")),
            "parameter": parameter,
            "params": str(size),
            "grad_norm_first_step": _number(one.first_step.get(parameter)),
            "grad_norm_step_50": _number(one.later_step.get(parameter)),
            "never_trained_params": str(one.never_trained.get(parameter, "")),
        }
        for name, one in found.items()
        for parameter, size in one.sizes.items()
    ]
