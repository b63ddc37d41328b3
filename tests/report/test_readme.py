"""results/README.md and its HTML twin: the answer first, links that lead somewhere, nothing that needs a network."""

import re
from collections.abc import Callable

import pytest

from lcr.report.answer import READ, answer
from lcr.report.finished import Finished
from lcr.report.notebooks import NOTEBOOKS
from lcr.report.page import html_page
from lcr.report.readme import readme, write_readme
from lcr.util.errors import InputError


def test_the_answer_comes_first_and_every_link_leads_to_a_file_or_a_notebook(copy):
    text = write_readme(copy)[0].read_text()
    lines = [sentence.text for sentence in answer({name: copy.table(name) for name in READ}, 12)]
    places = [text.index(part) for part in (*lines, "figures/ablations.png", "| Method |", "figures/table2.png")]
    assert places == sorted(places)
    links = re.findall(r"\]\(([^)]+)\)", text)
    for link in links:
        made_by_notebooks = link.startswith("notebooks/") or link.endswith(".svg")
        assert made_by_notebooks or (copy.folder / link).is_file(), link


def test_the_ledger_names_contradicted_claims_and_table_1_has_the_default_reading_alone(finished):
    tables = {name: finished.table(name) for name in READ}
    claims = tables["claims"].assign(verdict="untested", where="§1")
    claims.loc[0, ["verdict", "claim", "why"]] = "contradicted", "a claim", "92 > 90"
    text = readme("made-up", tables | {"claims": claims}, 12)
    assert f"| 0 | 1 | 0 | {len(claims) - 1} |" in text
    assert "- a claim (§1): 92 > 90" in text
    assert text.count("| lcr-xl-224 |") == 1
    assert "- none" in readme("made-up", tables | {"claims": claims[1:]}, 12)


def test_the_page_holds_its_pictures_and_no_address(copy):
    page = write_readme(copy)[1].read_text()
    assert page.count("data:image/png;base64,cGljdHVyZQ==") == 1 + len(NOTEBOOKS)
    assert "<table>" in page
    assert not re.search(r"""(src|href)=["'](?!data:)""", page)
    assert re.search("<title>[^<]*made-up</title>", page)


def test_a_page_without_heading_still_has_a_title(tmp_path):
    assert "<title>LCR</title>" in html_page("text", tmp_path)


def test_a_figure_that_is_missing_is_named(copy):
    (copy.folder / "figures/confusion.png").unlink()
    with pytest.raises(InputError, match="confusion"):
        write_readme(copy)
    assert not (copy.folder / "README.md").exists()


def _write(copy: Finished, name: str, change: Callable[[list[str]], list[str]]) -> None:
    """Changes a table's lines."""
    path = copy.path(name)
    path.write_text("".join(change(path.read_text(encoding="utf-8").splitlines(keepends=True))), encoding="utf-8")


@pytest.mark.parametrize("name", READ)
def test_a_table_cut_to_its_header_or_in_its_last_line_is_refused_by_name(copy, name):
    whole = copy.path(name).read_bytes()
    for damage in (lambda lines: lines[:1], lambda lines: [*lines[:-1], lines[-1][:5]]):
        _write(copy, name, damage)
        with pytest.raises(InputError, match=rf"made-up/{name}\.csv, line \d+.*lcr table {name} --study made-up"):
            write_readme(copy)
        copy.path(name).write_bytes(whole)
    assert not (copy.folder / "README.md").exists()


@pytest.mark.parametrize(
    ("name", "start", "lacking"),
    [
        ("table1", "lcr-l-112,", "lcr-l-112/default"),
        ("table2", "LCR (full),", "jester-fixture/full"),
        ("table2", "LCR (no edge prompt),", "jester-fixture/no_edge_prompt"),
        ("table2", "LCR (", "measured/full"),
        ("table2", "TimeSformer-L,", "published/TimeSformer-L"),
        ("ablations", "LCR (plain LSTM gate),", "jester-fixture/lstm_gate"),
        ("statistics", "LCR (full),", "jester-fixture/full"),
        ("temporal", "LCR (full),full,made-up,jester-fixture,last_frame", "jester-fixture/full/last_frame"),
        ("readings", "kv-source,additive,", "kv-source/additive"),
        ("claims", "hypothesis-lstm_gate-kinetics,", "hypothesis-lstm_gate-kinetics"),
        ("claims", "table2-lcr-top1,", "Table 2, LCR/90.83"),
        ("claims", "abstract-code-public,", "abstract-code-public"),
    ],
)
def test_a_row_that_a_table_lacks_is_named_and_never_left_out(copy, name, start, lacking):
    before = copy.path(name).read_bytes()
    _write(copy, name, lambda lines: [line for line in lines if not line.startswith(start)])
    assert copy.path(name).read_bytes() != before
    with pytest.raises(InputError) as refused:
        write_readme(copy)
    for part in (f"made-up/{name}.csv", lacking, f"lcr table {name} --study made-up"):
        assert part in str(refused.value)
