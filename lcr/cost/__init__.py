"""Cost of a model: parameters, multiply-adds and memory, for LCR, Table 1's models and Table 2's systems.

Closed forms (`counted`, `parameters`, `multiply_adds`) need a configuration only and load no torch; `cost` counts the
built model operator by operator and measures memory. Tests compare both to the integer. `lcr.cost.table1` holds Table 1
as printed, `lcr.cost.search` the search for the reading that fits it.
"""

from lcr.cost.baselines import BASELINES
from lcr.cost.closed_form import Counted, counted, counts, matched_hidden, multiply_adds, parameters
from lcr.cost.count import Cost, component, cost
from lcr.cost.ranges import Range, flops_range, gmacs, parameter_range

__all__ = [
    "BASELINES",
    "Cost",
    "Counted",
    "Range",
    "component",
    "cost",
    "counted",
    "counts",
    "flops_range",
    "gmacs",
    "matched_hidden",
    "multiply_adds",
    "parameter_range",
    "parameters",
]
