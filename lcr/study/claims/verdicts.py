"""The one place where a claim's verdict is decided. Each rule takes numbers alone, so that each can come out any way.

The claim's own words choose the rule: a statement about printed numbers (`of_fact`), a count (`of_count`), a value
(`of_value`), or a direction (`of_direction`). What was not measured on the paper's data is `UNTESTED` by whoever asks.
"""

SUPPORTED, CONTRADICTED, INCONCLUSIVE, UNTESTED = "supported", "contradicted", "inconclusive", "untested"
VERDICTS = (SUPPORTED, CONTRADICTED, INCONCLUSIVE, UNTESTED)

MARGIN = 1.0  # percentage points: accuracies closer than this count as the same, a fall smaller than this as none
TOLERANCE = 0.02  # of the published value: counts closer than this count as the same


def of_fact(holds: bool) -> str:
    """A statement about numbers that need no measuring: it holds or it does not."""
    return SUPPORTED if holds else CONTRADICTED


def of_value(published: float, low: float, high: float, margin: float = MARGIN) -> str:
    """Equivalence: is the published value reproduced, by a 95% interval [low, high]?

    Supported: the whole interval lies within ±margin of it. Contradicted: none of it does. Else inconclusive.
    """
    if published - margin <= low and high <= published + margin:
        return SUPPORTED
    return CONTRADICTED if high < published - margin or low > published + margin else INCONCLUSIVE


def of_direction(low: float, high: float, *, above: float, margin: float = MARGIN) -> str:
    """Is the quantity above `above`, by a 95% interval [low, high]? (For "below", give -high, -low and -above.)

    Supported: the whole interval is above it. Contradicted: the interval leaves out every value that is above it by the
    margin or more. Else inconclusive.
    """
    if low > above:
        return SUPPORTED
    return CONTRADICTED if high < above + margin else INCONCLUSIVE


def of_count(
    published: float, default: float, low: float, high: float, *, rounding: float = 0.0, tolerance: float = TOLERANCE
) -> str:
    """Is a printed count that of the model, where the paper's text can be read in several ways?

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
