"""Closed forms: how many parameters and multiply-adds a model has, worked out from its sizes alone, without torch.

`lcr.cost` counts the same on the built model, operator by operator; the tests hold the two against each other to the
integer.
"""

from lcr.counts.model import Counted, counted, counts, matched_hidden, multiply_adds, parameters

__all__ = ["Counted", "counted", "counts", "matched_hidden", "multiply_adds", "parameters"]
