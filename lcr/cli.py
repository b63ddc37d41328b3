"""The command line: registers the commands of `lcr.commands`, and turns errors into one line and an exit code."""

import os
import sys

import typer

from lcr.commands.bench import app as bench_app
from lcr.commands.bundle import bundle
from lcr.commands.claims import claims
from lcr.commands.cost import cost
from lcr.commands.data import app as data_app
from lcr.commands.evidence import hashes, publish, reference, verify
from lcr.commands.keys import app as keys_app
from lcr.commands.list import list_
from lcr.commands.readings import readings
from lcr.commands.report import answer
from lcr.commands.report import app as report_app
from lcr.commands.runs import evaluate, predict, train
from lcr.commands.tables import table
from lcr.util.errors import LCRError

app = typer.Typer(
    help="Reproduces Video RWKV (LCR) and takes it apart. Start with: lcr train --dataset jester-fixture",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(data_app, name="data")
app.add_typer(bench_app, name="bench")
app.add_typer(keys_app, name="keys")
app.add_typer(report_app, name="report")
RUNS, EVIDENCE = (train, evaluate, predict), (publish, hashes, reference, verify, bundle)
for command in (*RUNS, table, cost, readings, claims, answer, *EVIDENCE):
    app.command()(command)
app.command(name="list")(list_)

INTERRUPTED = 130  # as shells have it: 128 and the number of SIGINT

# A wrong option or value. The class is click's, or that of the copy of click that newer typers carry.
UsageError = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")


def main() -> None:
    """Runs a command; what the user can mend is printed as one line."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # the studies say how many threads torch gets
    try:
        code = app(standalone_mode=False)  # newer typers return what an exit or Ctrl-C comes to; older ones raise it
    except LCRError as error:
        print(f"error: {error}", file=sys.stderr)
        code = error.exit_code
    except UsageError as error:
        error.show()
        code = error.exit_code
    except typer.Exit as error:
        code = error.exit_code
    except (typer.Abort, KeyboardInterrupt):
        code = INTERRUPTED
    except OSError as error:
        print(f"error: {error}", file=sys.stderr)
        code = 2
    except (MemoryError, RuntimeError) as error:
        if isinstance(error, RuntimeError) and "allocate memory" not in str(error):
            raise
        print(f"error: more memory is asked for than there is ({error})", file=sys.stderr)
        code = 1
    if code == INTERRUPTED:
        print("stopped before its end (a training goes on from its last checkpoint, if it has one)", file=sys.stderr)
    sys.exit(code)
