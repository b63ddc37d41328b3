"""claims.csv: every checkable claim of the paper, with its test, what came out, and the verdict.

id: the name that other files use. cause: rows that stand or fall together share it, and count once. kind: claim (a
sentence), cell (of Table 1 or 2) or hypothesis (of an ablation). printed: printed or implied. where: the place in the
paper. basis: what decides the verdict, see `lcr.study.claims.claim`. published: the number as printed. test: the rule
or expression. measured, ci_low, ci_high: ours; for accuracies a 95% interval over seeds and clips, for counts the least
and the most under any registered reading. verdict: supported, contradicted, inconclusive, untested or untestable, by
the rules of `lcr.study.claims.verdicts`. why: the reason in words. evidence: a file.
"""

from lcr.config.variant import FULL
from lcr.study.claims import comparisons, conclusion, introduction, method, results, setup, verdicts
from lcr.study.claims.cells import table1_claims, table2_claims
from lcr.study.claims.claim import IMPLIED, PRINTED, SENTENCE, Claim, Growth, Numbers, Untestable
from lcr.study.claims.growth import growth_cells, read_costs
from lcr.study.claims.hypotheses import hypotheses
from lcr.study.claims.measured import Measurements
from lcr.study.tables.frame import Row, Source

COLUMNS = (
    *("id", "cause", "kind", "printed", "where", "basis", "claim", "published"),
    *("test", "measured", "ci_low", "ci_high"),
    *("verdict", "why", "evidence"),
)
# The claims that are sentences, in the paper's order; Tables 1 and 2 (`cells`) and the `hypotheses` follow.
CLAIMS = (*introduction.CLAIMS, *method.CLAIMS, *setup.CLAIMS, *results.CLAIMS, *comparisons.CLAIMS, *conclusion.CLAIMS)


def claim_rows(source: Source) -> list[Row]:
    """The ledger, held against the study's tables statistics and temporal.

    Raises:
        InputError: a table is missing or damaged.
    """
    measured = Measurements(source)
    ablations = [variant for variant in source.study.variant_configs if variant.name != FULL]
    return [
        *(claim_row(claim, measured) for claim in CLAIMS),
        *table1_claims(),
        *table2_claims(measured),
        *hypotheses(source.study, ablations, measured),
    ]


def claim_row(claim: Claim, measurements: Measurements) -> Row:
    """The ledger's row of a claim."""
    row = {name: getattr(claim, name) for name in ("id", "where", "basis", "claim", "published")}
    row |= {"cause": claim.cause or claim.id, "kind": SENTENCE, "printed": IMPLIED if claim.implied else PRINTED}
    test = claim.test
    if isinstance(test, str):
        return row | {"verdict": verdicts.UNTESTED, "why": test}
    if isinstance(test, Untestable):
        return row | {"verdict": verdicts.UNTESTABLE, "why": test.why}
    if isinstance(test, Growth):
        return row | growth_cells(test, read_costs(test.axis, test.column))
    if isinstance(test, Numbers):
        value = test.value()
        measured = ", ".join(_shown(one, test.digits) for one in (value if isinstance(value, list) else [value]))
        cells = {"test": test.text, "measured": measured, "verdict": verdicts.of_fact(test.holds(value))}
        return row | cells | {"why": test.why.format(measured=measured), "evidence": test.evidence}
    cells, reason, _ = measurements.of(test)
    text = f"95% interval of {test.column} ({test.variant}) {test.statement} {test.bound:g}"
    why = test.why.format_map(cells) if cells.get("measured") else ""
    return row | cells | {"test": text, "why": "; ".join(filter(None, (why, reason)))}


def _shown(value: object, digits: int) -> str:
    return f"{value:.{digits}f}" if isinstance(value, float) else str(value)
