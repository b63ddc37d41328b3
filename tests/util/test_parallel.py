"""Parallel map: results in order, processes that end, and Ctrl-C."""

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from lcr.util.errors import RunFailed
from lcr.util.parallel import _ctrl_c, parallel_map

WAITING = """
import os, time
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from lcr.util.parallel import parallel_map
shutdown = ProcessPoolExecutor.shutdown
ProcessPoolExecutor.shutdown = lambda *given, **how: (os.write(1, b"ending\\n"), shutdown(*given, **how))
with closing(parallel_map(time.sleep, [0] + [600] * 69, label="", workers=2, progress=True)) as results:
    for _ in results:
        os.write(1, b"done\\n")
        time.sleep(600)
"""


def test_results_keep_the_order_and_a_worker_that_dies_is_told() -> None:
    items = list(range(-70, 0))
    assert list(parallel_map(abs, items, label="", workers=2, progress=False)) == [abs(item) for item in items]
    assert list(parallel_map(abs, items[:3], label="", progress=False)) == [70, 69, 68]
    with pytest.raises(RunFailed, match="--workers"):
        list(parallel_map(os._exit, [1] * 70, label="", workers=2, progress=False))


def test_a_caller_that_stops_waits_for_few_more_items(tmp_path: Path) -> None:
    files = [tmp_path / str(number) for number in range(70)]
    results = parallel_map(Path.touch, files, label="", workers=2, progress=False)
    next(results)
    results.close()
    assert len(list(tmp_path.iterdir())) <= 8, "three drawn at most, two at work, three in the workers' queue"


@pytest.mark.parametrize("signals", [(signal.SIGINT, signal.SIGINT), (signal.SIGTERM,), (signal.SIGKILL,)])
def test_a_second_ctrl_c_or_another_signal_ends_all_processes_at_once(signals: tuple[signal.Signals, ...]) -> None:
    process = subprocess.Popen([sys.executable, "-c", WAITING], stdout=subprocess.PIPE, start_new_session=True)
    try:
        for sent, ready in zip(signals, (b"done\n", b"ending\n"), strict=False):
            assert process.stdout.readline() == ready  # the first Ctrl-C begins a shutdown that waits for the workers
            # a terminal sends Ctrl-C to all that it started, `kill` to one process
            os.killpg(process.pid, sent) if sent == signal.SIGINT else process.send_signal(sent)
        process.communicate(timeout=120)  # every worker has the same stdout: it ends when the last process does
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode == -signals[0]


def test_ctrl_c_is_left_alone_where_it_is_ignored_and_in_other_threads() -> None:
    def within() -> signal.Handlers:
        with _ctrl_c(signal.SIG_DFL):
            return signal.getsignal(signal.SIGINT)

    before = signal.getsignal(signal.SIGINT)
    assert within() is signal.SIG_DFL
    with ThreadPoolExecutor() as threads:
        assert threads.submit(within).result() is before
    with _ctrl_c(signal.SIG_IGN):
        assert within() is signal.SIG_IGN
    assert signal.getsignal(signal.SIGINT) is before
