"""`lcr report readme`: README's result block is what the reference gives, to the digit."""

import pytest
from typer.testing import CliRunner

from lcr.cli import app
from lcr.report.readme import BEGIN, END
from lcr.util.errors import InputError, Mismatch


@pytest.fixture
def readme(copy, tmp_path, monkeypatch):
    """Runs the command on a README beside the simulated study; gives its path and the error."""
    monkeypatch.chdir(tmp_path)
    page = tmp_path / "README.md"
    page.write_text(f"above\n{BEGIN}{END}below\n", encoding="utf-8")

    def run(option: str) -> BaseException | None:
        words = ("report", "readme", option, "--study", "made-up", "--reference", "results")
        return CliRunner().invoke(app, words).exception

    return page, run


def test_a_written_block_is_current_and_a_changed_digit_is_found_with_its_line(readme):
    page, run = readme
    assert isinstance(run("--check"), Mismatch)
    assert run("--write") is None
    assert run("--check") is None
    text = page.read_text(encoding="utf-8")
    assert text.startswith("above\n")
    assert text.endswith("below\n")
    before, mean, _ = text.partition("43 s")  # of train_seconds
    page.write_text(text.replace(mean, "44 s"), encoding="utf-8")
    error = run("--check")
    assert isinstance(error, Mismatch)
    assert f"README.md, line {before.count(chr(10)) + 1}" in str(error)


@pytest.mark.parametrize("comment", [BEGIN, END])
def test_a_page_without_a_comment_is_refused(readme, comment):
    page, run = readme
    page.write_text(page.read_text(encoding="utf-8").replace(comment, ""), encoding="utf-8")
    assert isinstance(run("--write"), InputError)
    page.unlink()
    assert isinstance(run("--check"), InputError)
