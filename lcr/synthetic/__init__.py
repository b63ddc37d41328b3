"""Generated clips in the formats of Jester, Something-Something-V2 and Kinetics-400: seeded and bit-reproducible."""

from lcr.synthetic.contact import sheet
from lcr.synthetic.disk import labels, render, write

__all__ = ["labels", "render", "sheet", "write"]
