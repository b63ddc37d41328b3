"""The same work on many clips: in several processes, in order, with a bounded number in flight and a progress bar."""

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from lcr.errors import RunFailed

A = TypeVar("A")
B = TypeVar("B")


def available_cpus() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def in_order(
    work: Callable[[A], B], items: Sequence[A], *, label: str, workers: int | None = None, progress: bool = True
) -> Iterator[B]:
    """`work` of every item, in the order of the items.

    Results wait for no more than a few items ahead, so a consumer that writes them away holds little in memory. `work`
    must be a module's function (or a partial of one) where more than one process is used.

    Args:
        label: what the progress bar says.
        workers: processes; None for one a core, and never more than the items are worth starting a process for.

    Raises:
        RunFailed: a process died, as the kernel does to one that takes too much memory.
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    workers = min(workers or available_cpus(), len(items) // 32 + 1)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), disable=not progress) as bar:
        task = bar.add_task(label, total=len(items))
        for result in map(work, items) if workers <= 1 else _spread(work, items, workers):
            bar.advance(task)
            yield result


def _spread(work: Callable[[A], B], items: Sequence[A], workers: int) -> Iterator[B]:
    from concurrent.futures import Future, ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool
    from multiprocessing import get_context

    # spawn: the progress bar and torch have threads, which a forked process would inherit half alive
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        ahead: deque[Future[B]] = deque()
        try:
            for item in items:
                ahead.append(pool.submit(work, item))
                if len(ahead) >= 4 * workers:
                    yield ahead.popleft().result()
            while ahead:
                yield ahead.popleft().result()
        except BrokenProcessPool as error:
            raise RunFailed("a worker process died, perhaps for want of memory; give fewer --workers") from error
        finally:
            pool.shutdown(cancel_futures=True)
