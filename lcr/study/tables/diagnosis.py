"""reading_diagnosis and reading_gradients: the rows of the readings' diagnosis (`lcr.probes.diagnosis`)."""

from collections.abc import Iterator

from lcr.config.variant import FULL
from lcr.cost.count import component
from lcr.probes.diagnosis import Diagnosis, total
from lcr.study.tables.frame import Row

SAME = "in its first steps no different from the default on this model"


def diagnosis_rows(study: str, dataset: str, classes: int, found: dict[str, Diagnosis]) -> Iterator[Row]:
    """One row a reading: the norm of all its gradients, its logits' sensitivity, its cell's growth."""
    for name, one in found.items():
        note = SAME if name != FULL and one == found[FULL] else one.note
        row = {"study": study, "dataset": dataset, "variant": name, "classes": classes}
        row |= {"grad_norm_first_step": total(one.first_step), "note": note}
        if not one.note:
            row |= {
                "grad_norm_step_50": total(one.later_step),
                "never_trained_params": sum(one.never_trained.values()),
                "d_logits_d_rgb": one.d_rgb,
                "d_logits_d_edges": one.d_edges,
                "cell_growth_64": one.cell_growth,
            }
        yield row


def gradient_rows(study: str, dataset: str, found: dict[str, Diagnosis]) -> Iterator[Row]:
    """One row a reading and parameter, the layers taken together."""
    for name, one in found.items():
        for parameter, size in one.sizes.items():
            yield {
                "study": study,
                "dataset": dataset,
                "variant": name,
                "component": component(parameter.replace("*", "0")),
                "parameter": parameter,
                "params": size,
                "grad_norm_first_step": one.first_step.get(parameter),
                "grad_norm_step_50": one.later_step.get(parameter),
                "never_trained_params": one.never_trained.get(parameter),
            }
