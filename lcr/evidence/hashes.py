"""hashes.json: the SHA-256 of every file of a study's finished results, so that any later change is found.

It lies in the results' top folder, or in the folder of a reference (`lcr.evidence.reference`), and is written last.
`files` has every file of the study, published copies included; `not_kept` has files that a copy of the results leaves
out, such as weights; `manifests` has the data manifests. The study's configuration, the commit and the lock file's hash
stand in it too. `hash` is the hash of all the rest of hashes.json.
"""

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from lcr.config.keys import hash_of
from lcr.config.run import WORK
from lcr.config.study import StudyConfig
from lcr.study.store import Store
from lcr.util.errors import InputError, Mismatch
from lcr.util.files import atomic_write, file_hash
from lcr.util.progress import counting_bar
from lcr.util.provenance import git_state, lock_hash
from lcr.util.seals import check_seal

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
        datasets = self.configuration["study"]["datasets"].items()
        return {name: config["root"] for name, config in datasets if config.get("root")}

    def text(self) -> str:
        """The file's whole content, the only form that `read_hashes` accepts."""
        content = asdict(self)
        return json.dumps(content | {"hash": hash_of(content)}, indent=1, sort_keys=True) + "\n"


def top_folder(store: Store) -> Path:
    """The folder of hashes.json and published copies: a reference itself, or the one that the study's stands in."""
    return store.folder if store.packed else store.folder.parent


def manifest_path(store: Store, dataset: str) -> Path:
    """The path of a dataset's manifest: in the study's folder if this is a copy, else with the prepared data."""
    beside = store.folder / dataset / "manifest.parquet"
    return beside if beside.exists() else WORK / "data" / store.folder.name / dataset / "manifest.parquet"


def configuration(study: StudyConfig) -> dict[str, Any]:
    """All of a study's settings, as JSON: its own, and those of its variants and readings."""
    variants = [*study.variant_configs, *study.reading_variants().values()]
    return {"study": study.model_dump(mode="json"), "variants": [one.model_dump(mode="json") for one in variants]}


def study_files(store: Store) -> Iterator[Path]:
    """The study's files, and its published ones: those in the results' top folder that are copies of its own."""
    own, top = store.folder, top_folder(store)
    for path in sorted(own.rglob("*")):
        if path.is_file() and not path.name.startswith(".") and path != own / NAME:  # .name: half written
            yield path
            twin = top / path.relative_to(own)
            if own != top and twin.is_file() and twin.read_bytes() == path.read_bytes():
                yield twin


def write_hashes(store: Store, study: StudyConfig, named: str, *, not_kept: dict[str, str] | None = None) -> Path:
    """Writes hashes.json for the results in `store` and returns its path.

    Args:
        named: the study as the user names it.
        not_kept: hashes of files that a reference leaves out; by default those that an earlier hashes.json of it has.

    Raises:
        InputError: there are no results of the study, or a manifest of its data is missing; or the seal of a sealed
            file is broken, so that hashing would vouch for damage.
    """
    top, files = top_folder(store), dict.fromkeys(study_files(store), "")
    if not files:
        raise InputError(f"{store.folder} holds no results; make them with snakemake --config study={named}")
    if not_kept is None:
        not_kept = read_hashes(top).not_kept if store.packed else {}
    manifests = {dataset: manifest_path(store, dataset) for dataset in study.datasets}
    for dataset, path in manifests.items():
        index = f"`lcr data index --study {named} --dataset {dataset}`"
        if not path.is_file():
            raise InputError(f"no {path}; make it with {index}")
        check_seal(path, index)
    with counting_bar(len(files), "hashing") as advance:
        for path in files:
            if store.folder in path.parents:
                store.check_seal(path)
            files[path] = file_hash(path)
            advance()
    found = {path.relative_to(top).as_posix(): told for path, told in files.items()}
    hashed = {dataset: file_hash(path) for dataset, path in manifests.items()}
    done = Hashes(named, configuration(study), git_state(), lock_hash(), hashed, found, not_kept)
    with atomic_write(top / NAME) as aside:
        aside.write_text(done.text(), encoding="utf-8")
    return top / NAME


def read_hashes(folder: Path) -> Hashes:
    """The hashes.json of a results folder or a reference.

    Raises:
        InputError: there is none.
        Mismatch: a byte of it has changed since it was written.
    """
    path = folder / NAME
    if not path.is_file():
        raise InputError(f"no {path}; make it with `lcr hashes`, or let snakemake make all results")
    with suppress(ValueError, TypeError, AttributeError):
        content = json.loads(path.read_bytes())
        found = Hashes(**{name: value for name, value in content.items() if name != "hash"})
        if found.text().encode() == path.read_bytes():
            return found
    raise Mismatch(f"{path} has been changed since it was written; make the results again")
