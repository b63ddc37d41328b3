"""Rows of claims: every checkable claim of the paper, how it is tested, what came out, and what that means for it.

id: by which other files name it. where: the place in the paper. kind: internal arithmetic (printed numbers against one
another), count (against the model's closed forms or official lists), accuracy (against runs), availability (is it
there?). published: as printed. test: the rule or expression. measured, ci_low, ci_high: ours; for accuracies a 95%
interval over seeds and clips, for counts the least and the most under any registered reading. verdict: supported,
contradicted, inconclusive or untested, by the rules of `lcr.study.claims.verdicts`. why: in words. evidence: a file.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from lcr.config.study import FULL, StudyConfig
from lcr.study.claims import verdicts
from lcr.study.claims.cells import hypotheses, hypothesis_ids, printed_ids, table1_claims, table2_claims
from lcr.study.claims.expressions import evaluate
from lcr.study.claims.ledger import Claim, claims, names
from lcr.study.claims.measured import Measurements
from lcr.study.tables.rows import Row

COLUMNS = (
    *("id", "where", "kind", "claim", "published", "test", "measured", "ci_low", "ci_high"),
    *("verdict", "why", "evidence"),
)


def claim_rows(study: StudyConfig, results: str | Path, root: str | Path | None = None) -> list[Row]:
    """The ledger, held against results/<study>/statistics.csv and temporal.csv.

    Raises:
        InputError: one of these tables has not been made or is damaged, or an entry of the ledger is malformed.
    """
    variants = study.variant_configs
    measured = Measurements(study, [variant.name for variant in variants], results)
    return [
        *(claim_row(claim, measured) for claim in claims()),
        *table1_claims(),
        *table2_claims(measured),
        *hypotheses(study, [variant for variant in variants if variant.name != FULL], measured),
    ]


def claim_ids(datasets: Iterable[str], variants: Iterable[str]) -> list[str]:
    """The ids of the whole ledger of a study."""
    return [*(claim.id for claim in claims()), *printed_ids(), *hypothesis_ids(datasets, variants)]


def claim_row(claim: Claim, measured: Measurements) -> Row:
    """One written claim, decided."""
    head = {name: getattr(claim, name) for name in ("id", "where", "kind", "claim", "published", "evidence")}
    if claim.untested:
        return head | {"verdict": verdicts.UNTESTED, "why": claim.untested}
    return head | (_by_runs(claim, measured) if claim.measured else _by_numbers(claim))


def _by_numbers(claim: Claim) -> Row:
    known: dict[str, Any] = dict(names())
    value = evaluate(claim.value, known)
    holds = evaluate(claim.holds, known | {"measured": value})
    said = f"{value:.{claim.digits}f}" if isinstance(value, int | float) else ", ".join(map(str, value))
    return {
        "test": f"measured = {claim.value}; holds if {claim.holds}",
        "measured": said,
        "verdict": verdicts.of_fact(bool(holds)),
        "why": claim.why.format(measured=said, published=claim.published),
        "evidence": claim.evidence or "lcr/paper",
    }


def _by_runs(claim: Claim, measured: Measurements) -> Row:
    assert claim.measured is not None
    found = measured.of(claim.measured)
    statement = claim.measured.model_dump(include={"equals", "above", "below"}, exclude_none=True)
    (word, bound), *_ = statement.items()
    why = claim.why.format(measured=found.measured or "?", published=claim.published)
    return {
        "test": f"95% interval of {claim.measured.column} ({claim.measured.variant}) {word} {bound:g}",
        "measured": found.measured,
        "ci_low": found.low,
        "ci_high": found.high,
        "verdict": found.verdict,
        "why": "; ".join(filter(None, (why if found.measured else "", found.reason))),
        "evidence": found.evidence,
    }
