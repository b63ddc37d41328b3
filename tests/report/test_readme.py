"""results/README.md and its HTML twin: the answer first, links that lead somewhere, nothing that needs a network.

`lcr report readme`: README's result block is what the reference gives, to the digit.
"""

import re
from collections.abc import Callable

import pytest
from typer.testing import CliRunner

from lcr.cli import app
from lcr.report.answer import READ, answer
from lcr.report.finished import Finished
from lcr.report.notebooks import NOTEBOOKS
from lcr.report.readme import BEGIN, END, html_page, readme, training_draws, write_readme
from lcr.study.tables.markdown import markdown
from lcr.study.tables.registry import table_named
from lcr.util.errors import InputError, Mismatch


def test_the_answer_comes_first_every_link_leads_to_a_file_and_the_html_page_needs_no_other_file(copy):
    text, page = (path.read_text() for path in write_readme(copy))
    lines = [sentence.text for sentence in answer({name: copy.table(name) for name in READ}, 12)]
    places = [text.index(part) for part in (*lines, "figures/ablations.png", "| Method |", "figures/table2.png")]
    assert places == sorted(places)
    for link in re.findall(r"\]\(((?!notebooks/)[^)]+(?<!\.svg))\)", text):  # notebooks make the others
        assert (copy.folder / link).is_file(), link
    assert text.count("torch 1.0 on a CPU (AVX2)") == page.count("torch 1.0 on a CPU (AVX2)") == 1
    assert page.count("data:image/png;base64,cGljdHVyZQ==") == 1 + len(NOTEBOOKS)
    assert "<table>" in page
    assert not re.search(r"""(src|href)=["'](?!data:)""", page)
    assert re.search("<title>[^<]*made-up</title>", page)
    assert "<title>LCR</title>" in html_page("text without heading", copy.folder)


def test_html_in_a_table_or_a_text_is_shown_as_text_and_the_page_runs_nothing(finished, tmp_path):
    hostile = "<script>alert(1)</script><img src=x onerror=alert(1)> <sup>x</sup> ![x](../secret.png) p < 0.05"
    (tmp_path / "secret.png").write_bytes(b"secret")
    (tmp_path / "study").mkdir()
    page = html_page(f"# A\n\n{hostile} <sup>1</sup>", tmp_path / "study")
    assert not re.search(r"<(script|img src=.x|sup>x)", page)
    assert "<sup>1</sup>" in page
    assert "c2VjcmV0" not in page
    assert "default-src 'none'" in re.search(r'Content-Security-Policy" content="([^"]+)"', page)[1]
    table = table_named("ablations")
    frame = finished.table("ablations").assign(note=hostile, method=hostile)
    shown = markdown(table, frame)
    assert not re.search(r"<(?!/?sup>)[a-z/]", shown.replace("<sup>x", "<x"))
    assert "&lt;script>" in shown


def test_contradicted_claims_stand_below_their_cause_and_table_1_has_the_default_reading_alone(finished):
    tables = {name: finished.table(name) for name in READ}
    claims = tables["claims"].assign(verdict="untested", where="§1", kind="claim", printed="printed", why="92 > 90")
    claims["cause"] = claims["claim"] = claims.id
    for row, cause in enumerate(("one", "unit", "unit")):
        claims.loc[row, ["verdict", "cause", "claim"]] = "contradicted", cause, f"claim {row}"
    text = readme("made-up", tables | {"claims": claims}, 12, "a machine")
    assert f"| printed claims | {len(claims)} | 0 | 2 | 0 | {len(claims) - 3} | 0 |" in text
    assert "- claim 0 (§1): 92 > 90\n- `unit`\n  - claim 1 (§1): 92 > 90\n  - claim 2 (§1): 92 > 90\n" in text
    assert text.count("| lcr-xl-224 |") == 1
    assert "- none" in readme("made-up", tables | {"claims": claims[3:]}, 12, "a machine")


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
def test_a_table_cut_in_its_last_line_is_refused_by_name(copy, name):
    _write(copy, name, lambda lines: [*lines[:-1], lines[-1][:5]])
    with pytest.raises(InputError, match=rf"made-up/{name}\.csv, line \d+.*lcr table {name} --study made-up"):
        write_readme(copy)
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


@pytest.fixture
def block(copy, tmp_path, monkeypatch):
    """Runs the command on a README beside the simulated study; gives its path and the error."""
    monkeypatch.chdir(tmp_path)
    page = tmp_path / "README.md"
    page.write_text(f"above\n{BEGIN}{END}below\n", encoding="utf-8")

    def run(option: str) -> BaseException | None:
        words = ("report", "readme", option, "--study", "made-up", "--reference", "results")
        return CliRunner().invoke(app, words).exception

    return page, run


def test_a_written_block_is_current_and_a_changed_digit_is_found_with_its_line(block):
    page, run = block
    assert isinstance(run("--check"), Mismatch)
    assert run("--write") is run("--check") is None
    text = page.read_text(encoding="utf-8")
    assert re.fullmatch(r"above\n.*below\n", text, re.S)
    before, mean, _ = text.partition("43 s")  # of train_seconds
    page.write_text(text.replace(mean, "44 s"), encoding="utf-8")
    error = run("--check")
    assert isinstance(error, Mismatch)
    assert f"README.md, line {before.count(chr(10)) + 1}" in str(error)


@pytest.mark.parametrize("comment", [BEGIN, END])
def test_a_page_without_a_comment_is_refused(block, comment):
    page, run = block
    page.write_text(page.read_text(encoding="utf-8").replace(comment, ""), encoding="utf-8")
    assert isinstance(run("--write"), InputError)
    page.unlink()
    assert isinstance(run("--check"), InputError)


@pytest.mark.parametrize(("shares", "covered"), [((0.5, 0.5), True), ((0.5, 1.0), False), ((None, 0.5), False)])
def test_intervals_cover_new_training_sets_only_where_every_run_had_its_own_draw(copy, shares, covered):
    record = copy.store.record(*next(iter(copy.store.runs())))
    trains = ({} if share is None else {"train": {"draw_share": share}} for share in shares)
    records = [record.model_copy(update={"config": train}) for train in trains]
    without = training_draws([record])  # the simulated records draw nothing
    assert (training_draws(records) != without) == covered
