"""The made-up study of tests.study."""

from tests.study.conftest import drawn_once, finished, results, rewrite, sources, study

__all__ = ["drawn_once", "finished", "results", "rewrite", "sources", "study"]
