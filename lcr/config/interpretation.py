"""Interpretations: named bundles of readings, `ablations/interpretations/*.yaml`.

A reading answers one question that the paper leaves open; an interpretation answers all of them. `literal` takes every
equation as printed and is the default of `Readings`; the others say what they change. Free of torch.
"""

from lcr.config.folders import FolderName
from lcr.config.opened import ReadingsChange
from lcr.model.config import Readings
from lcr.util.schema import Frozen


class Interpretation(Frozen):
    """A bundle of readings.

    title: what it changes, in words. words: which words of the paper speak for it. readings: the fields of `Readings`
    that differ from `literal`.
    """

    name: FolderName
    title: str
    words: str
    readings: ReadingsChange = ReadingsChange()

    @property
    def bundle(self) -> Readings:
        """All readings of the interpretation."""
        return Readings.model_validate(self.readings.model_dump(exclude_none=True))

    @property
    def distance(self) -> int:
        """The number of readings that differ from `literal`."""
        return self.bundle.distance()
