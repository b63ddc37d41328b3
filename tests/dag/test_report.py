"""The report: one file with every table, figure and page of a study, that opens in a browser and asks nobody for it."""

from pathlib import Path

import pytest

from lcr import workflow
from lcr.report.notebooks import NOTEBOOKS
from tests.browser import needs_browser, open_page
from tests.dag.conftest import Project


@pytest.fixture(scope="module")
def report(finished: Project, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "report.html"
    done = finished.snakemake("--report", str(path), "--config", "study=one")
    assert done.returncode == 0, done.stdout
    return path


def test_every_table_figure_and_page_is_in_the_report_under_its_category(report: Path):
    text = report.read_text(encoding="utf-8")
    files = [f"{table}.csv" for table in (*workflow.TABLES, *workflow.MADE)]
    for notebook in NOTEBOOKS:
        files += [f"{notebook}.svg", f"{notebook}.html"]
    for file in (*files, "answer.html"):
        assert file in text, file
    for category in ("Answer", "Tables", "Figures", "Notebooks"):
        assert f'"{category}"' in text
    assert "95% intervals over seeds and clips" in text, "captions are there"
    assert "by component" in text


@needs_browser
def test_the_report_opens_in_a_browser_and_asks_nobody_for_anything(report: Path, tmp_path: Path):
    opened = open_page(report, tmp_path)
    assert opened.requests == []
    for shown in ("Answer", "Notebooks", "Does <em>Video RWKV</em> (LCR) reproduce"):
        assert shown in opened.dom
