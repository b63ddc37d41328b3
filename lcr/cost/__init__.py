"""Closed forms: how many parameters and multiply-adds a model has, worked out from its sizes alone, without torch.

`lcr.cost.count` counts the same on the built model, operator by operator; the tests compare both to the
integer.
"""

from lcr.cost.closed_form import Counted, counted, counts, matched_hidden, multiply_adds, parameters

__all__ = ["Counted", "counted", "counts", "matched_hidden", "multiply_adds", "parameters"]
