"""The command line: registers the commands of `lcr.commands`, and turns errors into one line and an exit code."""

import io
import os
import sys
from importlib import metadata
from typing import Annotated

import typer

from lcr.commands.bench import app as bench_app
from lcr.commands.bundle import bundle
from lcr.commands.claims import claims
from lcr.commands.cost import cost
from lcr.commands.data import app as data_app
from lcr.commands.evidence import hashes, publish, reference, verify
from lcr.commands.keys import app as keys_app
from lcr.commands.list import list_, show
from lcr.commands.new import new
from lcr.commands.plan import plan
from lcr.commands.readings import readings
from lcr.commands.report import answer
from lcr.commands.report import app as report_app
from lcr.commands.runs import evaluate, import_predictions, predict, train
from lcr.commands.tables import table
from lcr.util.errors import LCRError, printable

app = typer.Typer(
    help="Reproduces Video RWKV (LCR) and takes it apart. Start with: lcr train --dataset jester-fixture",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.add_typer(data_app, name="data")
app.add_typer(bench_app, name="bench")
app.add_typer(keys_app, name="keys")
app.add_typer(report_app, name="report")
RUNS, EVIDENCE = (train, evaluate, import_predictions, predict), (publish, hashes, reference, verify, bundle)
for command in (*RUNS, table, cost, plan, readings, claims, answer, *EVIDENCE):
    app.command()(command)
app.command(name="list")(list_)
app.command()(show)
app.command()(new)


def _version(given: bool) -> None:
    if given:
        print(f"lcr {metadata.version('lcr')}")
        raise typer.Exit


@app.callback()
def main_options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Prints the version and ends.")
    ] = False,
) -> None:
    """Reproduces Video RWKV (LCR) and takes it apart. Start with: lcr train --dataset jester-fixture"""


INTERRUPTED = 130  # as shells have it: 128 and the number of SIGINT

# A wrong option or value. The class is click's, or that of the copy of click that newer typers carry.
UsageError = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")


LIMITS = {  # by words in an error of the system or of a library
    "Too many open files": "the shell allows this process too few open files; raise the limit with `ulimit -n 256`",
    "allocate memory": "the machine has too little memory",
}


def of_a_limit(error: Exception) -> str | None:
    """The message for an exhausted limit of the system (memory, open files); None for other errors."""
    chain: list[BaseException] = [error]
    while following := chain[-1].__cause__ or chain[-1].__context__:
        chain.append(following)
    if any(isinstance(one, MemoryError) for one in chain):
        return LIMITS["allocate memory"]
    return next((said for one in chain for words, said in LIMITS.items() if words in str(one)), None)


def main() -> None:
    """Runs a command; what the user can mend is printed as one line."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # one in latin-1 or ASCII would end a command at a letter it lacks
            stream.reconfigure(errors="backslashreplace")
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # the studies say how many threads torch gets
    try:
        code = app(standalone_mode=False)  # newer typers return what an exit or Ctrl-C comes to; older ones raise it
    except LCRError as error:
        print("error: " + "\n".join(map(printable, str(error).split("\n"))), file=sys.stderr)
        code = error.exit_code
    except UsageError as error:
        error.show()
        code = error.exit_code
    except typer.Exit as error:
        code = error.exit_code
    except (typer.Abort, KeyboardInterrupt):
        code = INTERRUPTED
    except Exception as error:
        said = of_a_limit(error)
        if said is None and not isinstance(error, OSError):
            raise
        print(f"error: {printable(str(error)) if said is None else said}", file=sys.stderr)
        code = 2 if said is None else 1
    if code == INTERRUPTED:
        print("stopped before its end (a training goes on from its last checkpoint, if it has one)", file=sys.stderr)
    sys.exit(code)
