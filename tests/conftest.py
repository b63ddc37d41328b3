"""Workers, allowed skips, what torch starts from, and the micro study with its one trained run, made once for all."""

import os
import re
import signal
from pathlib import Path

import pytest
import torch

from tests.micro import PROJECT, STUDY, run

# Where everything should be there (.ci/run), a regular expression: a test skipped for any other reason has failed.
MAY_SKIP = os.environ.get("LCR_TESTS_MAY_SKIP")

# A shell without job control makes background jobs ignore Ctrl-C, and processes that the tests start inherit this.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def _judged(report):
    if MAY_SKIP is not None and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        if not re.search(MAY_SKIP, reason):
            report.outcome, report.longrepr = "failed", f"skipped, where only {MAY_SKIP!r} may be: {reason}"
    return report


def pytest_xdist_auto_num_workers(config):
    """The whole suite gets a process a core; to start them (torch in each) takes longer than most single files."""
    return min(os.cpu_count(), 4) if config.args_source is config.ArgsSource.TESTPATHS else 0


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """Files with slow tests come first: else one process ends with the longest file while the other has nothing."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    return _judged((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    return _judged((yield))


@pytest.fixture(autouse=True)
def _torch_as_it_comes():
    """One thread, subnormal numbers, and not the strict determinism that a training in this process left on."""
    torch.set_num_threads(1)
    torch.set_flush_denormal(False)
    torch.set_deterministic_debug_mode("default")


@pytest.fixture(scope="session")
def project(tmp_path_factory) -> Path:
    """A folder with a micro study, its clips drawn once."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "ablations").symlink_to(PROJECT / "ablations")
    (folder / "micro.yaml").write_text(STUDY)
    return folder


@pytest.fixture
def inside(project, monkeypatch):
    """In the folder of the micro study."""
    monkeypatch.chdir(project)


@pytest.fixture(scope="session")
def reference(project) -> Path:
    """The run that others are compared with."""
    before = Path.cwd()
    os.chdir(project)
    try:
        return project / run("reference")
    finally:
        os.chdir(before)
