"""Parallel map: one function over many items in several processes, results in order, few in flight, a progress bar.

Ctrl-C reaches the caller alone: its workers finish the items that they are at, and a second Ctrl-C ends all at once.
Workers end by themselves when the process that started them is gone.
"""

import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from typing import TypeVar

from lcr.util.errors import RunFailed
from lcr.util.progress import counting_bar

A = TypeVar("A")
B = TypeVar("B")


def parallel_map(
    work: Callable[[A], B], items: Sequence[A], *, label: str, workers: int | None = None, progress: bool = True
) -> Generator[B, None, None]:
    """`work` of every item, in the order of the items.

    At most four results a worker wait to be taken, so memory stays small. `work` must be a function of a module (or a
    partial of one) where more than one process is used. A caller that may fail closes the generator
    (`contextlib.closing`), which ends the workers.

    Args:
        label: text of the progress bar.
        workers: processes; None for one a core. Fewer are started where they would get less than 32 items each.

    Raises:
        RunFailed: a process died, as the kernel does to one that takes too much memory.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    workers = min(workers or cores or 1, len(items) // 32 + 1)
    with (
        closing((work(item) for item in items) if workers <= 1 else _spread(work, items, workers)) as results,
        counting_bar(len(items), label, shown=progress) as advance,
    ):
        for result in results:
            advance()
            yield result


def _spread(work: Callable[[A], B], items: Sequence[A], workers: int) -> Generator[B, None, None]:
    from concurrent.futures import Future, ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool
    from multiprocessing import get_context

    # spawned: a fork would copy the threads of torch and of the progress bar half alive
    pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_begin)
    ahead: deque[Future[B]] = deque()
    try:
        for item in items:
            with _ctrl_c(signal.SIG_IGN):  # a worker inherits it: Ctrl-C must not end one that holds the queue's lock
                ahead.append(pool.submit(work, item))
            if len(ahead) >= 4 * workers:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()
    except BrokenProcessPool as error:
        raise RunFailed("a worker process died, perhaps for want of memory; give fewer --workers") from error
    finally:
        with _ctrl_c(signal.SIG_DFL):  # an interrupted shutdown would wait for workers that nobody told to end
            pool.shutdown(cancel_futures=True)


@contextmanager
def _ctrl_c(action: signal.Handlers) -> Iterator[None]:
    """Sets the action of Ctrl-C for the block, where the block runs in the main thread and Ctrl-C is not ignored."""
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or before is signal.SIG_IGN:
        yield
        return
    signal.signal(signal.SIGINT, action)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _begin() -> None:
    import cv2

    cv2.setNumThreads(1)  # there is a process for each core already
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    from multiprocessing import parent_process
    from multiprocessing.connection import wait

    wait([parent_process().sentinel])  # a parent that is killed cannot say so
    os._exit(1)
