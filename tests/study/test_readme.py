"""results/README.md and its HTML twin: the answer first, links that lead somewhere, nothing that needs a network."""

import re
import shutil

import pytest

from lcr.errors import InputError
from lcr.study.finished import Finished
from lcr.study.page import html_page
from lcr.study.readme import readme, write_readme
from lcr.workflow import TABLES
from tests.study import made_up

CLAIMS = [
    {"claim": "a new benchmark", "where": "abstract", "kind": "accuracy", "verdict": "contradicted", "why": "92 > 90"},
    {"claim": "linear", "where": "§3", "kind": "count", "verdict": "supported", "why": "counted"},
]


@pytest.fixture
def study(finished, tmp_path) -> Finished:
    """A copy of the made-up study with a picture for each figure."""
    shutil.copytree(finished.results, tmp_path / "results")
    copy = Finished("made-up", tmp_path / "results")
    (copy.folder / "figures").mkdir()
    for name in ("ablations", "table2", "cost_accuracy", "confusion", "training_curves", "edge_prompt"):
        (copy.folder / "figures" / f"{name}.png").write_bytes(b"picture")
    return copy


def test_the_answer_comes_first_and_the_tables_after(study):
    text = write_readme(study, TABLES)[0].read_text()
    places = [text.index(part) for part in ("\n1. All accuracies are on **generated clips", "How sure:", "| Method |")]
    assert places == sorted(places)
    assert text.index("How sure:") < 3000, "a minute's reading"
    assert "no p-value can be below" in text


def test_every_link_leads_to_a_file_of_the_study_or_a_notebook_page(study):
    text = write_readme(study, TABLES)[0].read_text()
    links = re.findall(r"\]\(([^)]+)\)", text)
    assert "figures/ablations.png" in links
    for link in links:
        made_by_notebooks = link.startswith("notebooks/") or link.endswith(".svg")
        assert made_by_notebooks or (study.folder / link).is_file(), link


def test_the_ledger_counts_verdicts_and_names_what_falls(study):
    tables = {name: study.rows(name) for name in TABLES} | {"claims": CLAIMS}
    text = readme("made-up", tables, 12)
    assert "| 1 | 1 | 0 | 0 |" in text
    assert "- a new benchmark (abstract): 92 > 90" in text
    assert "- linear" not in text
    fewer = readme("made-up", tables | {"claims": CLAIMS[1:]}, 12)
    assert "- none" in fewer


def test_table_1_stands_with_its_errors(study):
    tables = {name: study.rows(name) for name in TABLES} | {"table1": made_up.table1()}
    text = readme("made-up", tables, 12)
    assert "| lcr-xl-224 | 111.63 | 121.6767 | 9.00 | 0.47 | 329 | 658 | 40.00 |" in text
    assert text.count("| lcr-xl-224 |") == 1, "other readings stay in the CSV"


def test_the_page_holds_its_pictures_and_no_address(study):
    page = write_readme(study, TABLES)[1].read_text()
    assert page.count("data:image/png;base64,cGljdHVyZQ==") == 7
    assert "<table>" in page
    assert not re.search(r"""(src|href)=["'](?!data:)""", page)
    assert "<title>Which part of LCR matters? Study made-up</title>" in page


def test_a_page_without_heading_still_has_a_title(tmp_path):
    assert "<title>LCR</title>" in html_page("text", tmp_path)


def test_a_figure_that_is_missing_is_named(study):
    (study.folder / "figures/confusion.png").unlink()
    with pytest.raises(InputError, match="confusion"):
        write_readme(study, TABLES)
    assert not (study.folder / "README.md").exists()
