"""Progress of long work: a bar in a terminal, a line now and then in a log file."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

LINE_EVERY = 10.0  # seconds between the lines of a log


@contextmanager
def training_bar(steps: int, done: int, name: str) -> Iterator[Callable[[float, float, int], None]]:
    """Yields a function of (loss, accuracy, clips) to call after each step; shows clips/s and the time left as well."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[state]}"),
        TimeRemainingColumn(),
    )
    began = said = time.monotonic()
    seen, loss, accuracy, first = 0, None, None, done
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task(name, total=steps, completed=done, state="")

        def advance(step_loss: float, step_accuracy: float, clips: int) -> None:
            nonlocal seen, loss, accuracy, done, said
            seen, done = seen + clips, done + 1
            loss = step_loss if loss is None else 0.9 * loss + 0.1 * step_loss
            accuracy = step_accuracy if accuracy is None else 0.9 * accuracy + 0.1 * step_accuracy
            now = time.monotonic()
            rate = seen / max(now - began, 1e-9)
            state = f"loss {loss:.3f} · accuracy {accuracy:.2f} · {rate:.0f} clips/s"
            bar.update(task, completed=done, state=state)
            if not console.is_terminal and (now - said > LINE_EVERY or done == steps):
                left = (steps - done) * (now - began) / max(done - first, 1)
                print(f"{name}: step {done}/{steps} · {state} · {left:.0f} s left", file=sys.stderr, flush=True)
                said = now

        yield advance


@contextmanager
def counting_bar(total: int, name: str) -> Iterator[Callable[..., None]]:
    """Yields a function to call, `total` times, with what comes next if that has a name. In a log file: lines."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    begun, said = 0, time.monotonic()
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task(name, total=total)

        def advance(what: str = "") -> None:
            nonlocal begun, said
            bar.update(task, completed=begun, description=f"{name} {what}")
            begun += 1
            now = time.monotonic()
            if not console.is_terminal and now - said > LINE_EVERY:
                print(f"{name}: {begun}/{total} · {what}", file=sys.stderr, flush=True)
                said = now

        yield advance
        bar.update(task, completed=total)


@contextmanager
def status(text: str) -> Iterator[None]:
    """Says what is being done, while it is, in a terminal."""
    from rich.console import Console

    with Console(stderr=True).status(text):
        yield
