"""Which code made a result: the git commit and the lock file, as recorded and as known today. Free of torch."""

import os
import re
import subprocess
from functools import cache
from pathlib import Path
from typing import Literal

from lcr.util.files import bytes_hash, file_hash

PACKAGE = Path(__file__).parents[1]
LOCK = "requirements.lock"


COMMIT = "[0-9a-f]{40}(?:[0-9a-f]{24})?"  # SHA-1, or SHA-256; no other text of a foreign file reaches git


def _git(*arguments: str) -> subprocess.CompletedProcess[bytes] | None:
    """The outcome of a git command in the package's folder, without GIT_* variables; None where there is no git."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        return subprocess.run(
            ["git", *arguments], cwd=PACKAGE, env=environment | {"LC_ALL": "C"}, capture_output=True, check=False
        )
    except OSError:
        return None


def _refusal(outcome: subprocess.CompletedProcess[bytes] | None) -> str:
    """In words without a path, since weights keep them, why git's answer does not count; empty where it does."""
    if outcome is None:
        return "git is not installed"
    if outcome.returncode == 0:
        return ""
    said = outcome.stderr.decode(errors="replace").strip()
    if "safe.directory" in said:
        return "git does not trust the package's repository, which belongs to another user (git's safe.directory)"
    if "not a git repository" in said:
        return "the package lies in no git repository"
    if "did not match any file" in said:
        return "the git repository around the package does not track it"
    return f"git failed: {' '.join(said.split()) or f'exit code {outcome.returncode}'}"


def _no_repository() -> str:
    """In words, why no repository tracks the package's own files; empty where a repository does."""
    return _refusal(_git("ls-files", "--error-unmatch", "--", "__init__.py"))


def git_state() -> dict[str, str | bool | None]:
    """The commit of the source, and whether the package differs from it; both None, and `why`, where git does not know.

    A repository that does not track the package's own files, as around a virtual environment, knows nothing of it.
    """
    commit, changed = _git("rev-parse", "HEAD"), _git("status", "--porcelain", "--", str(PACKAGE))
    why = _no_repository() or _refusal(commit) or _refusal(changed)
    if why or commit is None or changed is None:
        return {"commit": None, "dirty": None, "why": why}
    return {"commit": commit.stdout.decode().strip(), "dirty": bool(changed.stdout.strip()), "why": None}


def is_commit(text: str) -> bool:
    """Whether a text is the full name of a commit, in hex digits."""
    return re.fullmatch(COMMIT, text) is not None


def commit_id(name: str) -> str | None:
    """The hex digits of a commit by its name in the package's repository; None where there is none."""
    found = _git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
    return None if found is None or found.returncode else found.stdout.decode().strip()


@cache
def lock_hash() -> str | None:
    """SHA-256 of requirements.lock beside the package; None where it was not installed from a checkout."""
    lock = PACKAGE.parent / LOCK
    return file_hash(lock) if lock.exists() else None


Known = Literal["in history", "not in history", "no repository", "shallow", "not a commit"]


@cache
def commit_known(commit: str) -> Known:
    """Whether a recorded commit is one of this repository, of all its branches.

    shallow: it is not there, but neither is all of the history, so that nothing follows.
    """
    if not is_commit(commit):
        return "not a commit"
    shallow = _git("rev-parse", "--is-shallow-repository")
    if shallow is None or shallow.returncode or _no_repository():
        return "no repository"
    found = _git("cat-file", "-e", f"{commit}^{{commit}}")
    if found is not None and found.returncode == 0:
        return "in history"
    return "shallow" if shallow.stdout.strip() == b"true" else "not in history"


def _shown(commit: str, *arguments: str) -> bytes | None:
    """The output of `git show` with these arguments, the last of which names `commit`; None where that is not known."""
    found = _git("show", *arguments) if is_commit(commit) else None
    return None if found is None or found.returncode or _no_repository() else found.stdout


@cache
def lock_hash_at(commit: str) -> str | None:
    """SHA-256 of requirements.lock as it was at a commit; None where that is not known."""
    shown = _shown(commit, f"{commit}:./../{LOCK}")
    return None if shown is None else bytes_hash(shown)


def commit_date(commit: str) -> str | None:
    """The day of a commit, YYYY-MM-DD in its own time zone; None where it is not known."""
    shown = _shown(commit, "-s", "--format=%cs", f"{commit}^{{commit}}")
    return None if shown is None else shown.decode().strip()
