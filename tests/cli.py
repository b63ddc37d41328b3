"""The command line, called in the tests' own process."""

from click.testing import Result
from typer.testing import CliRunner

from lcr.cli import app


def lcr(*words: object) -> Result:
    """Calls `lcr WORDS` and raises its error."""
    return CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)
