"""hashes.json: the SHA-256 of every file of a study's finished results, so that any later change is found.

It lies in the results' top folder, or in the folder of a reference (`lcr.evidence.reference`), and is written last.
`files` has every file of the study, published copies included; `not_kept` has files that a copy of the results leaves
out, such as weights; `manifests` has the data manifests. The study's configuration, the commit and the lock file's hash
stand in it too. `hash` is the hash of all the rest of hashes.json.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from lcr.config.keys import hash_of
from lcr.config.run import WORK
from lcr.config.study import StudyConfig
from lcr.study.store import RECORDS
from lcr.util.errors import InputError, Mismatch
from lcr.util.files import file_hash, write_aside
from lcr.util.progress import counting_bar
from lcr.util.provenance import git_state, lock_hash

NAME = "hashes.json"


@dataclass(frozen=True)
class Hashes:
    """The content of hashes.json. Paths are relative to its folder.

    study: the name or YAML file that the user gave for the study. configuration: see `configuration`.
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
        """The study's name, which is that of its folder."""
        return self.configuration["study"]["name"]

    @property
    def roots(self) -> dict[str, str | None]:
        """The folders of real clips, by dataset."""
        datasets = self.configuration["study"]["datasets"]
        return {name: config["root"] for name, config in datasets.items() if config.get("root")}

    def text(self) -> str:
        """The file's whole content, the only form that `read_hashes` accepts."""
        content = json.loads(json.dumps(asdict(self)))
        return json.dumps(content | {"hash": hash_of(content)}, indent=1, sort_keys=True) + "\n"


def is_reference(folder: Path) -> bool:
    """Whether `folder` is a study's reference, with packed runs, and not the top folder of results."""
    return (folder / RECORDS).is_file()


def study_folder(folder: Path, study: str) -> Path:
    """The folder of the study's own files: a reference itself, or a subfolder of the results' top."""
    return folder if is_reference(folder) else folder / study


def manifest_path(folder: Path, study: str, dataset: str) -> Path:
    """The path of a dataset's manifest: in the study's folder if this is a copy, else with the prepared data."""
    beside = study_folder(folder, study) / dataset / "manifest.parquet"
    return beside if beside.exists() else WORK / "data" / study / dataset / "manifest.parquet"


def configuration(study: StudyConfig) -> dict[str, Any]:
    """All of a study's settings: its own, and those of its variants and readings."""
    variants = [*study.variant_configs, *study.reading_variants().values()]
    content = {"study": study.model_dump(mode="json"), "variants": [one.model_dump(mode="json") for one in variants]}
    return json.loads(json.dumps(content))


def study_files(folder: Path, study: str) -> Iterator[Path]:
    """The study's files, and its published ones: those in the results' top folder that are copies of its own."""
    own = study_folder(folder, study)
    for path in sorted(own.rglob("*")):
        if path.is_file() and not path.name.startswith(".") and path != own / NAME:  # .name: half written
            yield path
            twin = folder / path.relative_to(own)
            if own != folder and twin.is_file() and twin.read_bytes() == path.read_bytes():
                yield twin


def write_hashes(folder: Path, study: StudyConfig, named: str, *, not_kept: dict[str, str] | None = None) -> Path:
    """Writes hashes.json to `folder`, the results' top or a reference, and returns its path.

    Args:
        named: the study as the user names it.
        not_kept: hashes of files that a reference leaves out.

    Raises:
        InputError: the folder has no results of the study, or a manifest of its data is missing.
    """
    paths = list(study_files(folder, study.name))
    if not paths:
        raise InputError(f"{folder / study.name} holds no results; make them with snakemake --config study={named}")
    manifests = {dataset: manifest_path(folder, study.name, dataset) for dataset in study.datasets}
    for dataset, path in manifests.items():
        if not path.is_file():
            raise InputError(f"no manifest {path}; make it with `lcr data index --study {named} --dataset {dataset}`")
    files = {}
    with counting_bar(len(paths), "hashing") as advance:
        for path in paths:
            files[path.relative_to(folder).as_posix()] = file_hash(path)
            advance()
    hashed = {dataset: file_hash(path) for dataset, path in manifests.items()}
    done = Hashes(named, configuration(study), git_state(), lock_hash(), hashed, files, not_kept or {})
    with write_aside(folder / NAME) as aside:
        aside.write_text(done.text(), encoding="utf-8")
    return folder / NAME


def read_hashes(folder: Path) -> Hashes:
    """The hashes.json of a results folder or a reference.

    Raises:
        InputError: there is none.
        Mismatch: a byte of it has changed since it was written.
    """
    path = folder / NAME
    try:
        content = path.read_bytes()
        told = json.loads(content)
        told.pop("hash")
        found = Hashes(**told)
        if found.text().encode() == content:
            return found
    except FileNotFoundError:
        raise InputError(f"no {path}; make it with `lcr hashes`, or let snakemake make all results") from None
    except (ValueError, TypeError, KeyError, AttributeError):
        pass
    raise Mismatch(f"{path} has been changed since it was written; make the results again")
