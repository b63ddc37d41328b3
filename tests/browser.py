"""A headless browser that lists the requests of a page. Tests that need it are skipped where there is none."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
PROGRAM = next((found for name in PROGRAMS if (found := shutil.which(name))), None)
needs_browser = pytest.mark.skipif(PROGRAM is None, reason="no chromium here (Debian: apt-get install chromium)")

OPTIONS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-extensions", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--virtual-time-budget=10000"),
    "--host-resolver-rules=MAP * ~NOTFOUND",  # no request leaves this machine
)


class Opened(NamedTuple):
    """A page after its scripts have run. requests: the requested addresses, without its own file and data in it."""

    dom: str
    requests: list[str]


def open_page(page: Path, scratch: Path) -> Opened:
    """Opens a file in the browser.

    Args:
        scratch: a folder for the browser's profile and its log of the network.
    """
    assert PROGRAM is not None
    log = scratch / "network.json"
    own = [f"--user-data-dir={scratch / 'profile'}", f"--log-net-log={log}", "--dump-dom", page.resolve().as_uri()]
    done = subprocess.run([PROGRAM, *OPTIONS, *own], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    network = json.loads(log.read_text(encoding="utf-8"))
    started = network["constants"]["logEventTypes"]["URL_REQUEST_START_JOB"]
    asked = [one["params"] for one in network["events"] if one["type"] == started and "url" in one.get("params", {})]
    # The browser's own requests, for updates and clock, have no page as initiator.
    of_the_page = [one["url"] for one in asked if one.get("initiator") != "not an origin"]
    return Opened(done.stdout, [url for url in of_the_page if not url.startswith(("file:", "data:", "blob:"))])
