"""results/README.md and its HTML twin: the answer first, links that lead somewhere, nothing that needs a network."""

import re
import shutil
from collections.abc import Callable

import pytest

from lcr.report.finished import Finished
from lcr.report.notebooks import NOTEBOOKS
from lcr.report.page import html_page
from lcr.report.readme import readme, write_readme
from lcr.study.tables.accuracy import COLUMNS
from lcr.study.tables.rows import write_rows
from lcr.util.errors import InputError
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
    for name in NOTEBOOKS:
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
    assert page.count("data:image/png;base64,cGljdHVyZQ==") == 1 + len(NOTEBOOKS)
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


def _write(study: Finished, name: str, change: Callable[[list[str]], list[str]]) -> None:
    """Changes a table's lines."""
    path = study.path(name)
    path.write_text("".join(change(path.read_text(encoding="utf-8").splitlines(keepends=True))), encoding="utf-8")


@pytest.mark.parametrize("name", TABLES)
def test_a_table_cut_to_its_header_or_in_its_last_line_is_refused_by_name(study, name):
    whole = study.path(name).read_bytes()
    for damage in (lambda lines: lines[:1], lambda lines: [*lines[:-1], lines[-1][:5]]):
        _write(study, name, damage)
        with pytest.raises(InputError, match=rf"made-up/{name}\.csv, line \d+: .*lcr table {name} --study made-up"):
            write_readme(study, TABLES)
        study.path(name).write_bytes(whole)
    assert not (study.folder / "README.md").exists()


@pytest.mark.parametrize(
    ("name", "start", "lacking"),
    [
        ("table1", "lcr-l-112,", "lcr-l-112/default"),
        ("table2", "LCR (full),", "jester-fixture/full"),
        ("table2", "LCR (no edge prompt),", "jester-fixture/no_edge_prompt"),
        ("table2", "LCR (", "measured/full and"),
        ("table2", "TimeSformer-L,", "published/TimeSformer-L"),
        ("ablations", "LCR (plain LSTM gate),", "jester-fixture/lstm_gate"),
        ("statistics", "LCR (full),", "jester-fixture/full"),
        ("temporal", "LCR (full),full,made-up,jester-fixture,last_frame", "jester-fixture/full/last_frame"),
        ("readings", "kv-source,additive,", "kv-source/additive"),
        ("claims", "hypothesis-lstm_gate-kinetics,", "hypothesis-lstm_gate-kinetics"),
        ("claims", "table2-lcr-top1,", "table2-lcr-top1"),
    ],
)
def test_a_row_that_a_table_lacks_is_named_and_never_left_out(study, name, start, lacking):
    before = study.path(name).read_bytes()
    _write(study, name, lambda lines: [line for line in lines if not line.startswith(start)])
    assert study.path(name).read_bytes() != before
    with pytest.raises(InputError) as refused:
        write_readme(study, TABLES)
    assert f"made-up/{name}.csv lacks the row of {lacking}" in str(refused.value)
    assert f"make it anew: lcr table {name} --study made-up" in str(refused.value)


def test_a_cell_that_is_no_number_is_named(study):
    rows = study.rows("table2")
    full = next(row for row in rows if row["variant"] == "full")
    write_rows(study.path("table2"), COLUMNS, [row | {"top1_ci_low": "6x"} if row is full else row for row in rows])
    with pytest.raises(InputError, match=r"table2\.csv, line \d+: top1_ci_low is '6x', which is no number"):
        write_readme(study, TABLES)
