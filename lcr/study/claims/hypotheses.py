"""The hypotheses of the study's ablations, as rows of the ledger."""

from typing import Any

from lcr.config.datasets import dataset_format
from lcr.config.study import StudyConfig
from lcr.config.variant import VariantConfig
from lcr.study.claims import verdicts
from lcr.study.claims.caveats import CAVEATS
from lcr.study.claims.claim import ACCURACY, HYPOTHESIS, IMPLIED, Quantity
from lcr.study.claims.measured import Measurements
from lcr.study.tables.frame import Row


def hypotheses(study: StudyConfig, variants: list[VariantConfig], measured: Measurements) -> list[Row]:
    """The hypothesis of each ablation, that Top-1 falls without its component, on each dataset of the study."""
    return [_hypothesis(variant, dataset_format(name), measured) for variant in variants for name in study.datasets]


def decided(variant: VariantConfig, dataset: Any, measured: Measurements) -> tuple[Row, str]:
    """Cells of a hypothesis with its verdict, and the reason in words: the one place that chooses the table behind it.

    The table is `statistics`: the paired difference under the study's interpretation.
    """
    place = {"dataset": dataset, "table": "statistics", "column": "delta_top1", "variant": variant.name}
    cells, reason, p = measured.of(Quantity(**place, statement="below", bound=0))
    test = "95% interval of the paired difference below 0; contradicted if a fall of {:g} point is left out"
    said = "top-1 changes by {measured} points [{ci_low}, {ci_high}]" if cells.get("ci_low") else ""
    why = "; ".join(filter(None, (said and said.format_map(cells) + p, reason)))
    return cells | {"test": test.format(verdicts.MARGIN)}, why


def _hypothesis(variant: VariantConfig, dataset: Any, measured: Measurements) -> Row:
    cells, why = decided(variant, dataset, measured)
    return cells | {
        "id": f"hypothesis-{variant.name}-{dataset}",
        "cause": f"hypothesis-{variant.name}",
        "kind": HYPOTHESIS,
        "printed": IMPLIED,
        "where": f"ablations/{variant.name}.yaml",
        "basis": ACCURACY,
        "claim": f"{variant.hypothesis} ({dataset})",
        "why": "; ".join(filter(None, (why, CAVEATS.get(variant.name)))),
    }
