"""The same work on many clips: in several processes, in order, with a bounded number in flight and a progress bar.

However the process ends that wants the work, its workers end too: after Ctrl-C, or where the consumer stops early,
each finishes the clip that it is at; where it was killed, as by Ctrl-C twice more, they stop at once.
"""

import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING, TypeVar

from lcr.util.errors import RunFailed

if TYPE_CHECKING:
    from ctypes import c_byte

A = TypeVar("A")
B = TypeVar("B")


def available_cpus() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def in_order(
    work: Callable[[A], B], items: Sequence[A], *, label: str, workers: int | None = None, progress: bool = True
) -> Generator[B, None, None]:
    """`work` of every item, in the order of the items.

    Results wait for no more than a few items ahead, so a consumer that writes them away holds little in memory. `work`
    must be a module's function (or a partial of one) where more than one process is used. A consumer that may fail
    closes it (`contextlib.closing`): a Ctrl-C meanwhile is then heard, and not lost with a generator that is collected.

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
        with closing((work(item) for item in items) if workers <= 1 else _spread(work, items, workers)) as results:
            for result in results:
                bar.advance(task)
                yield result


def _spread(work: Callable[[A], B], items: Sequence[A], workers: int) -> Generator[B, None, None]:
    from concurrent.futures import Future, ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool
    from multiprocessing import get_context

    context = get_context("spawn")  # the progress bar and torch have threads; a forked process has them half alive
    wanted = context.RawValue("b", True)  # without a lock, which a worker that dies would keep
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_begin, initargs=(wanted,))
    ahead: deque[Future[B | None]] = deque()
    try:
        for item in items:
            with _interrupts_held(), _interrupts_masked():
                ahead.append(pool.submit(_if_wanted, work, item))
            if len(ahead) >= 4 * workers:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()
    except BrokenProcessPool as error:
        raise RunFailed("a worker process died, perhaps for want of memory; give fewer --workers") from error
    finally:
        with _interrupts_held():
            wanted.value = False  # the shutdown does not cancel the clips that wait in the workers' own queue
            pool.shutdown(cancel_futures=True)


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Ctrl-C waits until the block is over; a second one ends the process at once.

    An interrupted shutdown may leave workers that wait for ever, and the exit waits for them; workers of a process that
    is gone end by themselves.
    """
    held: list[int] = []

    def hold(number: int, _: object) -> None:
        if held:
            with suppress(Exception):  # stderr may be closed, or none at all
                if sys.stderr.isatty():
                    os.write(sys.stderr.fileno(), b"\x1b[?25h")  # the cursor, which the progress bar has hidden
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)  # to the process, not to this thread, which may have it masked
        held.append(number)

    before = signal.getsignal(signal.SIGINT)
    main = threading.current_thread() is threading.main_thread()  # the only one that gets it, whichever the system asks
    holds = main and before is not signal.SIG_IGN
    if holds:
        signal.signal(signal.SIGINT, hold)
    try:
        yield
    finally:
        if holds:
            signal.signal(signal.SIGINT, before)
        if held:
            signal.raise_signal(signal.SIGINT)


@contextmanager
def _interrupts_masked() -> Iterator[None]:
    """The processes started in the block never get Ctrl-C, which a terminal sends to all of them.

    A worker that it ends may hold the lock of the queue that the others wait at.
    """
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # handed down to processes
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


_wanted: "c_byte"  # in a worker: whether anyone waits for more results


def _if_wanted(work: Callable[[A], B], item: A) -> B | None:
    return work(item) if _wanted.value else None


def _begin(wanted: "c_byte") -> None:
    """What a worker does first."""
    import cv2

    global _wanted
    _wanted = wanted
    cv2.setNumThreads(1)  # there is a process for each core already
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    # a parent that is killed cannot say so, and its workers would wait for clips for ever
    from multiprocessing import parent_process
    from multiprocessing.connection import wait

    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
