"""claims.csv: every checkable claim of the paper, with its test, what came out, and the verdict.

id: the name that other files use. where: the place in the paper. kind: see `lcr.study.claims.claim`. published: the
number as printed. test: the rule or expression. measured, ci_low, ci_high: ours; for accuracies a 95% interval over
seeds and clips, for counts the least and the most under any registered reading. verdict: supported, contradicted,
inconclusive or untested, by the rules of `lcr.study.claims.verdicts`. why: the reason in words. evidence: a file.
"""

from lcr.config.study import FULL
from lcr.study.claims import conclusion, introduction, method, results, setup, verdicts
from lcr.study.claims.cells import hypotheses, table1_claims, table2_claims
from lcr.study.claims.claim import Claim, Numbers
from lcr.study.claims.measured import Measurements
from lcr.study.tables.frame import Row, Source

COLUMNS = (
    *("id", "where", "kind", "claim", "published", "test", "measured", "ci_low", "ci_high"),
    *("verdict", "why", "evidence"),
)
# The claims that are sentences, in the paper's order; Tables 1 and 2 and the ablations' hypotheses follow (`cells`).
CLAIMS = (*introduction.CLAIMS, *method.CLAIMS, *setup.CLAIMS, *results.CLAIMS, *conclusion.CLAIMS)


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
    row = {name: getattr(claim, name) for name in ("id", "where", "kind", "claim", "published")}
    test = claim.test
    if isinstance(test, str):
        return row | {"verdict": verdicts.UNTESTED, "why": test}
    if isinstance(test, Numbers):
        value = test.value()
        measured = f"{value:.{test.digits}f}" if isinstance(value, int | float) else ", ".join(map(str, value))
        cells = {"test": test.text, "measured": measured, "verdict": verdicts.of_fact(bool(test.holds(value)))}
        return row | cells | {"why": test.why.format(measured=measured), "evidence": test.evidence}
    cells, reason, _ = measurements.of(test)
    text = f"95% interval of {test.column} ({test.variant}) {test.statement} {test.bound:g}"
    why = test.why.format_map(cells) if cells.get("measured") else ""
    return row | cells | {"test": text, "why": "; ".join(filter(None, (why, reason)))}
