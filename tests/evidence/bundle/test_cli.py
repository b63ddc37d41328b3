"""`lcr bundle`: the file that it writes, and its refusals."""

import sys

import pytest
from typer.testing import CliRunner

from lcr.cli import app
from lcr.util.errors import InputError


def run(facts, *words: str):
    options = ["--study", "made-up", "--results", str(facts.finished.results)]
    return CliRunner().invoke(app, ["bundle", *options, *words])


def test_the_bundle_lies_in_the_results_folder(facts):
    pytest.importorskip("rocrate", reason="needs the extra: pip install 'lcr[bundle]'")
    done = run(facts, "--date", "2026-11-26")
    assert done.exit_code == 0, done.output
    assert done.output.strip() == str(facts.finished.results / "bundle.zip")


@pytest.mark.parametrize("date", ["26 November", "2026-W48-4", "20261126"])
def test_a_malformed_date_is_refused(facts, date):
    assert isinstance(run(facts, "--date", date).exception, InputError)


def test_without_the_extra_the_command_says_what_to_install(facts, monkeypatch):
    monkeypatch.setitem(sys.modules, "mlcroissant", None)
    for name in [
        name for name in sys.modules if name.startswith("lcr.evidence.bundle.") and name != "lcr.commands.bundle"
    ]:
        monkeypatch.delitem(sys.modules, name)
    error = run(facts, "--date", "2026-11-26").exception
    assert isinstance(error, InputError)
    assert "lcr[bundle]" in str(error)
