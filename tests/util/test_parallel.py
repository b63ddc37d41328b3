"""Work in several processes that is stopped before its end."""

import os
import pty
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

from lcr.util.parallel import _interrupts_held, parallel_map

WAITING = """
import os, time
from lcr.util.parallel import parallel_map
for _ in parallel_map(time.sleep, [0] + [60] * 69, label="", workers=2, progress=True):
    os.write(1, b"drawn\\n")  # what is printed beside a progress bar goes where the bar goes
"""

HOLDING = """
import os, signal, sys
from lcr.util.parallel import _interrupts_held
{closed}
try:
    with _interrupts_held():
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
except BaseException:
    os._exit(3)
"""


def read_all(terminal: int, shown: list[bytes]) -> None:
    with suppress(OSError):  # how a terminal says that nobody writes to it any more
        while more := os.read(terminal, 4096):
            shown.append(more)
    os.close(terminal)


def slowly(file: Path) -> None:
    file.touch()
    time.sleep(0.5)


def test_a_consumer_that_stops_waits_for_no_more_than_the_clips_at_work(tmp_path: Path) -> None:
    results = parallel_map(slowly, [tmp_path / str(number) for number in range(70)], label="", workers=2, progress=False)
    next(results)
    results.close()
    assert len(list(tmp_path.iterdir())) <= 4, "two drawn at most, two at work"


def test_ctrl_c_twice_in_the_shutdown_ends_all_processes_at_once() -> None:
    terminal, its_stderr = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", WAITING], stdout=subprocess.PIPE, stderr=its_stderr, start_new_session=True
    )
    os.close(its_stderr)
    shown: list[bytes] = []
    reader = threading.Thread(target=read_all, args=(terminal, shown))
    reader.start()
    try:
        process.stdout.readline()
        for sent in range(3):  # the first begins the shutdown, which waits for the workers' clips
            time.sleep(0.5)
            assert process.poll() is None, f"ended by {sent} of them"
            os.killpg(process.pid, signal.SIGINT)
        process.communicate(timeout=15)  # every worker has the same stdout: it ends when the last process does
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode == -signal.SIGINT
    reader.join()
    assert b"".join(shown).rindex(b"\x1b[?25h") > b"".join(shown).rindex(b"\x1b[?25l"), "the cursor is hidden still"


def test_without_stderr_the_second_ctrl_c_ends_the_process_too() -> None:
    for closed in ("sys.stderr.close()", "sys.stderr = None"):
        process = subprocess.run([sys.executable, "-c", HOLDING.format(closed=closed)], timeout=60)
        assert process.returncode == -signal.SIGINT, closed


def test_a_ctrl_c_that_the_caller_ignores_stays_ignored() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with _interrupts_held():
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)
    finally:
        assert signal.signal(signal.SIGINT, before) is signal.SIG_IGN
