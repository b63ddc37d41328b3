"""Progress bars of long work: a bar in a terminal, a line now and then in a log file."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

LINE_EVERY = 10.0  # seconds between the lines of a log


@contextmanager
def counting_bar(total: int, name: str, done: int = 0, *, shown: bool = True) -> Iterator[Callable[..., None]]:
    """A bar of `total` items, of which `done` are done; yields a function to call once an item.

    The function takes a text that is shown beside the count, such as the item's name. A log file gets a line with the
    time left every ten seconds, and one for the last item.

    Args:
        shown: False shows nothing.
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[state]}")
    first, began = done, time.monotonic()
    said = began
    with Progress(*columns, TimeRemainingColumn(), console=console, disable=not (shown and console.is_terminal)) as bar:
        task = bar.add_task(name, total=total, completed=done, state="")

        def advance(state: str = "") -> None:
            nonlocal done, said
            done, now = done + 1, time.monotonic()
            bar.update(task, completed=done, state=state)
            if shown and not console.is_terminal and (now - said > LINE_EVERY or done == total):
                said, left = now, (total - done) * (now - began) / (done - first)
                print(f"{name}: {done}/{total} · {state} · {left:.0f} s left", file=sys.stderr, flush=True)

        yield advance


@contextmanager
def training_bar(steps: int, done: int, name: str) -> Iterator[Callable[[float, float, int], None]]:
    """A bar of training steps; yields a function of (loss, accuracy, clips) to call after each step.

    Loss and accuracy are shown as running means, with the clips per second.
    """
    seen, means, began = 0, None, time.monotonic()
    with counting_bar(steps, name, done) as advance:

        def step(loss: float, accuracy: float, clips: int) -> None:
            nonlocal seen, means
            seen, (old_loss, old_accuracy) = seen + clips, means or (loss, accuracy)
            means = 0.9 * old_loss + 0.1 * loss, 0.9 * old_accuracy + 0.1 * accuracy
            rate = seen / max(time.monotonic() - began, 1e-9)
            advance(f"loss {means[0]:.3f} · accuracy {means[1]:.2f} · {rate:.0f} clips/s")

        yield step


@contextmanager
def status(text: str) -> Iterator[None]:
    """A text that is shown in a terminal for the length of the block."""
    from rich.console import Console

    with Console(stderr=True).status(text):
        yield
