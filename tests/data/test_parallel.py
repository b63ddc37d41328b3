"""Work in several processes that is stopped before its end."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from lcr.data.parallel import in_order

WAITING = """
import time
from lcr.data.parallel import in_order
for _ in in_order(time.sleep, [0] + [60] * 69, label="", workers=2, progress=False):
    print("drawn", flush=True)
"""


def slowly(file: Path) -> None:
    file.touch()
    time.sleep(0.5)


def test_a_consumer_that_stops_waits_for_no_more_than_the_clips_at_work(tmp_path: Path) -> None:
    results = in_order(slowly, [tmp_path / str(number) for number in range(70)], label="", workers=2, progress=False)
    next(results)
    results.close()
    assert len(list(tmp_path.iterdir())) <= 4, "two drawn at most, two at work"


def test_ctrl_c_twice_in_the_shutdown_ends_all_processes_at_once() -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", WAITING], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True
    )
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
