"""hashes.json: what the files of a study's results were when they were done, so that any later change is found.

It lies in the results' top folder and is written last. `files` has the SHA-256 of every file of the study, published
copies included; `not_kept` of files that a copy of the results leaves out, such as weights; `manifests` of the data
manifests, which lie elsewhere. Beside them: the study's configuration, the commit and the lock. `hash` is that of all
the rest, so that the file vouches for itself.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from lcr.config.keys import hash_of
from lcr.config.run import Data
from lcr.config.study import StudyConfig
from lcr.util.errors import InputError
from lcr.util.files import file_hash, write_aside
from lcr.util.progress import counting_bar
from lcr.util.provenance import git_state, lock_hash

NAME = "hashes.json"


@dataclass(frozen=True)
class Hashes:
    """The content of hashes.json. Paths are relative to its folder.

    study: the study as it was named, by name or YAML file. configuration: see `configuration`.
    """

    study: str
    configuration: dict[str, Any]
    git: dict[str, Any]
    lock_hash: str | None
    manifests: dict[str, str]
    files: dict[str, str]
    not_kept: dict[str, str]

    @property
    def name(self) -> str:
        """The study's name, under which its files lie."""
        return self.configuration["study"]["name"]

    def text(self) -> str:
        """The file's whole content, in the one form that `read_hashes` takes."""
        content = json.loads(json.dumps(asdict(self)))
        return json.dumps(content | {"hash": hash_of(content)}, indent=1, sort_keys=True) + "\n"


def configuration(study: StudyConfig, root: str | Path | None = None) -> dict[str, Any]:
    """All of a study's settings: its own, and those of its variants and readings."""
    variants = [*study.variant_configs, *study.reading_variants().values()]
    content = {"study": study.model_dump(mode="json"), "variants": [one.model_dump(mode="json") for one in variants]}
    return json.loads(json.dumps(content))


def study_files(folder: str | Path, study: str) -> Iterable[Path]:
    """The study's files below `folder`, and its published ones: those beside it that are copies of its own."""
    own = sorted(path for path in (Path(folder) / study).rglob("*") if path.is_file() and not _passing(path))
    yield from own
    for twin in own:
        path = Path(folder) / twin.relative_to(Path(folder) / study)
        if path.is_file() and path.read_bytes() == twin.read_bytes():
            yield path


def _passing(path: Path) -> bool:
    """Whether a file is one that is being written (`lcr.util.files.write_aside`)."""
    return path.name.startswith(".")


def write_hashes(
    folder: str | Path,
    study: StudyConfig,
    named: str,
    root: str | Path | None = None,
    *,
    not_kept: dict[str, str] | None = None,
) -> Path:
    """Writes hashes.json to `folder`, the results' top, and returns its path.

    Args:
        named: the study as the user names it.
        not_kept: hashes of files that this folder, a copy, leaves out.

    Raises:
        InputError: the folder has no results of the study, or a manifest of its data is missing.
    """
    folder = Path(folder)
    paths = list(study_files(folder, study.name)) if (folder / study.name).is_dir() else []
    if not paths:
        raise InputError(f"{folder / study.name} holds no results; make them with snakemake --config study={named}")
    manifests = {dataset: Data.of(study, dataset).manifest(folder) for dataset in study.datasets}
    for dataset, path in manifests.items():
        if not path.is_file():
            raise InputError(f"no manifest {path}; make it with `lcr data index --study {named} --dataset {dataset}`")
    files = {}
    with counting_bar(len(paths), "hashing") as advance:
        for path in paths:
            files[path.relative_to(folder).as_posix()] = file_hash(path)
            advance()
    done = Hashes(
        named,
        configuration(study, root),
        git_state(),
        lock_hash(),
        {dataset: file_hash(path) for dataset, path in manifests.items()},
        files,
        not_kept or {},
    )
    with write_aside(folder / NAME) as aside:
        aside.write_text(done.text(), encoding="utf-8")
    return folder / NAME


def read_hashes(folder: str | Path) -> Hashes:
    """The hashes.json of a results folder.

    Raises:
        InputError: there is none.
        ValueError: it is not what was written: a byte of it has changed.
    """
    path = Path(folder) / NAME
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise InputError(f"no {path}; make it with `lcr hashes`, or let snakemake make all results") from None
    try:
        told = json.loads(content)
        told.pop("hash")
        found = Hashes(**told)
        same = found.text().encode() == content
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"{path} is damaged") from error
    if not same:
        raise ValueError(f"{path} has been changed since it was written")
    return found
