"""The report: one file with every table, figure and page of a study, that opens in a browser and asks nobody for it."""

from pathlib import Path

import pytest

from lcr.evidence.published import TABLES
from lcr.report.notebooks import NOTEBOOKS
from tests.browser import needs_browser, open_page
from tests.dag.conftest import Project, copied

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def report(finished: Project, tmp_path_factory: pytest.TempPathFactory) -> Path:
    project = copied(finished, tmp_path_factory.mktemp("report") / "project")
    done = project.snakemake("--report", "report.html", "--config", "study=one")
    assert done.returncode == 0, done.stdout
    return project.folder / "report.html"


def test_every_table_figure_and_page_is_in_the_report_under_its_category(report: Path):
    files = [f"{table}.csv" for table in TABLES]
    files += [f"{notebook}.{suffix}" for notebook in NOTEBOOKS for suffix in ("svg", "html")]
    categories = [f'"{category}"' for category in ("Answer", "Tables", "Figures", "Notebooks")]
    captions = ["95% intervals over seeds and clips", "by component"]
    text = report.read_text(encoding="utf-8")
    assert [part for part in (*files, "answer.html", *categories, *captions) if part not in text] == []


@needs_browser
def test_the_report_opens_in_a_browser_and_asks_nobody_for_anything(report: Path, tmp_path: Path):
    opened = open_page(report, tmp_path)
    assert opened.requests == []
    assert all(shown in opened.dom for shown in ("Answer", "Notebooks", "Does <em>Video RWKV</em> (LCR) reproduce"))
