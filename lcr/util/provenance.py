"""Which code made a result: the git commit and the lock file, as recorded and as known today. Free of torch."""

import subprocess
from functools import cache
from pathlib import Path
from typing import Literal

from lcr.util.files import bytes_hash, file_hash

PACKAGE = Path(__file__).parents[1]
LOCK = "requirements.lock"


def _git(*arguments: str) -> subprocess.CompletedProcess[bytes] | None:
    """The outcome of a git command in the package's folder; None where there is no git."""
    try:
        return subprocess.run(["git", *arguments], cwd=PACKAGE, capture_output=True, check=False)
    except OSError:
        return None


def git_state() -> dict[str, str | bool | None]:
    """The commit of the source, and whether the package differs from it; both None outside a repository."""
    commit, changed = _git("rev-parse", "HEAD"), _git("status", "--porcelain", "--", str(PACKAGE))
    if commit is None or changed is None or commit.returncode:
        return {"commit": None, "dirty": None}
    return {"commit": commit.stdout.decode().strip(), "dirty": bool(changed.stdout.strip())}


def commit_id(name: str) -> str | None:
    """The forty hex digits of a commit by its name in the package's repository; None where there is none."""
    found = _git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
    return None if found is None or found.returncode else found.stdout.decode().strip()


@cache
def lock_hash() -> str | None:
    """SHA-256 of requirements.lock beside the package; None where it was not installed from a checkout."""
    lock = PACKAGE.parent / LOCK
    return file_hash(lock) if lock.exists() else None


Known = Literal["in history", "not in history", "no repository", "shallow"]


@cache
def commit_known(commit: str) -> Known:
    """Whether a recorded commit is one of this repository, of all its branches.

    shallow: it is not there, but neither is all of the history, so that nothing follows.
    """
    shallow = _git("rev-parse", "--is-shallow-repository")
    if shallow is None or shallow.returncode:
        return "no repository"
    found = _git("cat-file", "-e", f"{commit}^{{commit}}")
    if found is not None and found.returncode == 0:
        return "in history"
    return "shallow" if shallow.stdout.strip() == b"true" else "not in history"


@cache
def lock_hash_at(commit: str) -> str | None:
    """SHA-256 of requirements.lock as it was at a commit; None where that is not known."""
    found = _git("show", f"{commit}:./../{LOCK}")
    return None if found is None or found.returncode else bytes_hash(found.stdout)


def commit_date(commit: str) -> str | None:
    """The day of a commit, YYYY-MM-DD in its own time zone; None where it is not known."""
    found = _git("show", "-s", "--format=%cs", f"{commit}^{{commit}}")
    return None if found is None or found.returncode else found.stdout.decode().strip()
