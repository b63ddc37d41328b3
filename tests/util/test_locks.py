"""Run locks, with flock and, where a stand-in says that the file system has none, without."""

import errno
import fcntl
import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from filelock import SoftFileLock

from lcr.util import locks
from lcr.util.errors import InputError
from lcr.util.locks import FOLDER, run_lock

HOLDER = """
import errno, fcntl, os, sys, time
from pathlib import Path
from lcr.util.locks import run_lock

def refuse(*_):
    raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

fcntl.flock = refuse
"""
HOLD = HOLDER + "with run_lock('x'):\n    print('held', flush=True)\n    sys.stdin.read()\n"
RACE = (
    HOLDER
    + """
for _ in range(20):
    with run_lock('x'):
        alone = os.open('alone', os.O_CREAT | os.O_EXCL)
        Path('count').write_text(str(int(Path('count').read_text()) + 1))
        os.close(alone)
        os.unlink('alone')
"""
)
LOCK = FOLDER / "x.host"


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture(params=[errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP], ids=errno.errorcode.get)
def _no_flock(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(request.param, os.strerror(request.param))

    monkeypatch.setattr(fcntl, "flock", refuse)


def process(code: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", code], stdin=-1, stdout=-1, stderr=subprocess.STDOUT, text=True)


def holder() -> subprocess.Popen[str]:
    """A process that holds the lock file until its stdin is closed."""
    running = process(HOLD)
    assert running.stdout
    while running.stdout.readline() != "held\n":
        assert running.poll() is None
    return running


@pytest.mark.usefixtures("_no_flock")
def test_without_flock_a_lock_file_takes_its_place_and_one_line_names_it_and_its_file_system(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    mounts = Path("mounts")
    mounts.write_text(f"1 0 0:1 / / rw - ext4 x rw\n2 1 0:2 / {Path.cwd()} rw shared:1 - lustre x rw\n")
    monkeypatch.setattr(locks, "MOUNTS", mounts)
    with run_lock("x"):
        assert LOCK.read_text().split()[0] == str(os.getpid())
        said = capsys.readouterr().err
        assert said.count("\n") == 1
        assert str(FOLDER / "x") in said
        assert "lustre" in said
    assert not LOCK.exists()


@pytest.mark.usefixtures("_no_flock")
def test_the_lock_file_of_a_killed_process_is_broken_and_taken(capsys: pytest.CaptureFixture[str]):
    killed = holder()
    killed.kill()
    killed.wait()
    assert LOCK.exists()
    with run_lock("x"):
        assert LOCK.read_text().split()[0] == str(os.getpid())
    assert f"rm {LOCK}" not in capsys.readouterr().err


def test_the_lock_file_of_a_process_whose_id_another_one_has_now_is_broken():
    with SoftFileLock("made"):
        mine = Path("made").read_text().split("\n")
    FOLDER.mkdir(parents=True)
    LOCK.write_text("\n".join([mine[0], mine[1], str(int(mine[2]) - 1), ""]))
    done = process(HOLD)
    assert "held" in done.communicate("")[0]
    assert not LOCK.exists()


@pytest.mark.parametrize("host", ["this", "elsewhere"])
def test_the_lock_file_of_a_live_process_or_of_another_host_is_waited_for_and_never_broken(host: str):
    first = holder() if host == "this" else None
    if not first:
        FOLDER.mkdir(parents=True)
        LOCK.write_text(f"{psutil.pids()[-1]}\nelsewhere\n1\n")
    held = LOCK.read_text().split()
    second = process(HOLD)
    assert second.stdout
    lines = [second.stdout.readline(), second.stdout.readline()]
    assert all(name in lines[1] for name in (*held[:2], f"rm {LOCK}")), "who holds it, and how to break it"
    assert LOCK.read_text().split() == held
    if first:
        first.communicate("")
    else:
        LOCK.unlink()
    assert "held" in second.communicate("")[0]
    assert second.returncode == 0


def test_of_several_processes_without_flock_one_at_a_time_has_the_lock():
    Path("count").write_text("0")
    killed = holder()
    killed.kill()
    killed.wait()
    running = [process(RACE) for _ in range(4)]
    said = [one.communicate()[0] for one in running]
    assert [one.returncode for one in running] == [0] * 4, said
    assert Path("count").read_text() == "80"


def test_another_error_of_flock_is_not_hidden(monkeypatch: pytest.MonkeyPatch):
    def refuse(*_: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(OSError, match=os.strerror(errno.EIO)), run_lock("x"):
        pass


@pytest.mark.parametrize("file", [".lcr", ".lcr/locks"])
def test_a_file_in_the_place_of_the_folder_of_locks_is_named(file: str):
    Path(file).parent.mkdir(exist_ok=True)
    Path(file).write_text("")
    with pytest.raises(InputError, match=f"^{file} "), run_lock("x"):
        pass
