"""Leases of GPUs: a device of its own for each process, without a GPU: the list of devices is given."""

import os
import subprocess
import sys

import pytest

from lcr.util.gpus import VISIBLE, gpu_lease, gpus

HOLD = f"""
import os, sys
from lcr.util.gpus import gpu_lease
with gpu_lease("cuda"):
    print("has", os.environ["{VISIBLE}"], flush=True)
    sys.stdin.read()
"""
NAMES = [f"test-{os.getpid()}-{number}" for number in range(3)]


@pytest.fixture(autouse=True)
def _devices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VISIBLE, ",".join(NAMES))


def holder() -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", HOLD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=dict(os.environ)
    )


def test_each_process_has_a_gpu_of_its_own_and_the_next_waits_until_one_is_killed():
    holders = [holder() for _ in NAMES]
    assert {process.stdout.readline() for process in holders} == {f"has {name}\n" for name in NAMES}
    late = holder()
    assert "waiting" in late.stdout.readline()
    holders[1].kill()
    assert late.stdout.readline().split()[1] in NAMES
    for process in (*holders, late):
        process.communicate(timeout=60)


def test_a_lease_ends_with_its_block_and_leaves_the_environment_as_it_was():
    for _ in range(2):
        with gpu_lease("cuda"):
            assert os.environ[VISIBLE] == NAMES[0]
        assert os.environ[VISIBLE] == ",".join(NAMES)


@pytest.mark.parametrize(("device", "number"), [("cpu", 3), ("cuda", 1), ("cuda", 0)])
def test_no_gpu_or_a_single_one_is_left_as_given(monkeypatch: pytest.MonkeyPatch, device: str, number: int):
    visible = ",".join(NAMES[:number])
    monkeypatch.setenv(VISIBLE, visible)
    with gpu_lease(device), gpu_lease(device):
        assert os.environ[VISIBLE] == visible


def test_without_a_list_the_gpus_are_those_of_nvidia_smi(monkeypatch: pytest.MonkeyPatch, tmp_path):
    monkeypatch.delenv(VISIBLE)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    program = tmp_path / "nvidia-smi"
    program.write_text("#!/bin/sh\necho 'GPU 0: A (UUID: GPU-a-1)'\necho 'GPU 1: A (UUID: GPU-b-2)'\n")
    program.chmod(0o755)
    assert gpus() == ["GPU-a-1", "GPU-b-2"]
    with gpu_lease("cuda"):
        assert os.environ[VISIBLE] in ("GPU-a-1", "GPU-b-2")
    assert VISIBLE not in os.environ
