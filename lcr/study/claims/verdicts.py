"""The rules that decide a claim's verdict, all in this file. Rules are pure functions of numbers.

The claim's own words choose the rule: a statement about printed numbers (`of_fact`), a count (`of_count`), a value
(`of_value`), or a direction (`of_direction`). A claim is `UNTESTED` if it was not measured on the paper's data
(`lcr.study.claims.measured`).
"""

SUPPORTED, CONTRADICTED, INCONCLUSIVE, UNTESTED = "supported", "contradicted", "inconclusive", "untested"
VERDICTS = (SUPPORTED, CONTRADICTED, INCONCLUSIVE, UNTESTED)

MARGIN = 1.0  # percentage points: accuracies closer than this count as the same, a fall smaller than this as none
TOLERANCE = 0.02  # of the published value: counts closer than this count as the same


def of_fact(holds: bool) -> str:
    """The verdict on a statement about printed numbers and counts, which holds or does not."""
    return SUPPORTED if holds else CONTRADICTED


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

    Supported: the default's count is within rounding and tolerance. Contradicted: no reading's can be. Else
    inconclusive.
    """
    least, most = (published - rounding) * (1 - tolerance), (published + rounding) * (1 + tolerance)
    if least <= default <= most:
        return SUPPORTED
    return CONTRADICTED if high < least or low > most else INCONCLUSIVE
