"""The rules that decide a claim's verdict, all in this file. Rules are pure functions of numbers.

The claim's own words choose the rule: a statement about printed numbers (`of_fact`, with `fewer` for a comparison), a
count (`of_count`), a value (`of_value`), a direction (`of_direction`), or a growth (`of_growth`, `of_least`). A claim
is `UNTESTED` if it was not measured on the paper's data (`lcr.study.claims.measured`), and `UNTESTABLE` if no outcome
of its test could contradict it.
"""

from collections.abc import Sequence

SUPPORTED, CONTRADICTED, INCONCLUSIVE, UNTESTED = "supported", "contradicted", "inconclusive", "untested"
UNTESTABLE = "untestable"
VERDICTS = (SUPPORTED, CONTRADICTED, INCONCLUSIVE, UNTESTED, UNTESTABLE)

MARGIN = 1.0  # percentage points: accuracies closer than this count as the same, a fall smaller than this as none
TOLERANCE = 0.02  # of the published value: counts closer than this count as the same
SPREAD = 2.0  # times the least reading's count: a wider range of readings fits any plausible number
LINEAR = 0.15  # around 1: exponents this close to 1 count as linear


def of_fact(holds: bool | None) -> str:
    """The verdict on a statement about printed numbers and counts; None: the numbers leave it open."""
    return INCONCLUSIVE if holds is None else SUPPORTED if holds else CONTRADICTED


def fewer(ratio: float, tolerance: float = TOLERANCE) -> bool | None:
    """Whether a count is below another, by their ratio; None where both count as the same."""
    return None if abs(ratio - 1) <= tolerance else ratio < 1


def of_growth(low: float, high: float, margin: float = LINEAR) -> str:
    """The verdict on a cost said to be linear, by the 95% interval [low, high] of its exponent.

    Supported: the whole interval lies within 1 ± margin. Contradicted: it lies above as a whole. Else inconclusive: a
    cost that grows less than linearly still has overhead in it.
    """
    if 1 - margin <= low and high <= 1 + margin:
        return SUPPORTED
    return CONTRADICTED if low > 1 + margin else INCONCLUSIVE


def of_least(own: float, others: Sequence[float], tolerance: float = TOLERANCE) -> str:
    """The verdict on a cost said to be less than other systems' costs.

    Supported: less than each of them by the tolerance. Contradicted: more than each of them by it. Else inconclusive.
    """
    found = {fewer(own / other, tolerance) for other in others}
    return of_fact(found.pop()) if len(found) == 1 else INCONCLUSIVE


def of_value(published: float, low: float, high: float, margin: float = MARGIN) -> str:
    """The verdict on a published value, by an equivalence test with a 95% interval [low, high].

    Supported: the whole interval lies within ±margin of it. Contradicted: none of it does. Else inconclusive.
    """
    if published - margin <= low and high <= published + margin:
        return SUPPORTED
    return CONTRADICTED if high < published - margin or low > published + margin else INCONCLUSIVE


def of_direction(low: float, high: float, *, above: float, margin: float = MARGIN) -> str:
    """The verdict on a quantity said to be above `above`, by a 95% interval [low, high].

    For a quantity said to be below, give -high, -low and -above.

    Supported: the whole interval is above it. Contradicted: the interval leaves out every value that is above it by the
    margin or more. Else inconclusive.
    """
    if low > above:
        return SUPPORTED
    return CONTRADICTED if high < above + margin else INCONCLUSIVE


def of_count(
    published: float, default: float, low: float, high: float, *, rounding: float = 0.0, tolerance: float = TOLERANCE
) -> str:
    """The verdict on a printed count of a model whose text can be read in several ways.

    Args:
        default: the count under the readings used here.
        low, high: the least and the most under any reading (and unit) that is registered.
        rounding: half of the last printed digit.

    Contradicted: no reading's count can be within rounding and tolerance. Else untestable, if the most is over SPREAD
    times the least. Supported: the default's count is within rounding and tolerance. Else inconclusive.
    """
    least, most = (published - rounding) * (1 - tolerance), (published + rounding) * (1 + tolerance)
    if high < least or low > most:
        return CONTRADICTED
    if high > SPREAD * low:
        return UNTESTABLE
    return SUPPORTED if least <= default <= most else INCONCLUSIVE
