"""hashes.json: the SHA-256 of every file of a study's finished results, so that any later change is found.

It lies in the results' top folder, or in the folder of a reference (`lcr.evidence.reference`), and is written last.
`files` has every file of the study, published copies included; `not_kept` has files that a copy of the results leaves
out, such as weights; `manifests` has the data manifests. The study's configuration, the commit and the lock file's hash
stand in it too. `hash` is the hash of all the rest of hashes.json.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError, model_validator

from lcr.config.keys import hash_of
from lcr.config.run import WORK
from lcr.config.study import StudyConfig
from lcr.config.variant import FolderName
from lcr.evidence.published import HASHES as NAME
from lcr.study.store import RECORDS, Store
from lcr.util.errors import InputError, Mismatch
from lcr.util.files import atomic_write, file_hash
from lcr.util.progress import counting_bar
from lcr.util.provenance import git_state, lock_hash
from lcr.util.reading import check_regular, parse_json, read_whole
from lcr.util.seals import check_seal


class Hashes(BaseModel):
    """The content of hashes.json. Paths are relative to its folder.

    study: the name or YAML file that the user gave for the study. configuration: see `configuration`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    study: str
    configuration: dict[str, Any]
    git: dict[str, Any]
    lock_hash: str | None
    manifests: dict[str, str]
    files: dict[str, str]
    not_kept: dict[str, str]

    @model_validator(mode="after")
    def _names_its_study(self) -> Self:
        study = self.configuration.get("study")
        datasets = study.get("datasets") if isinstance(study, dict) else None
        if not isinstance(datasets, dict) or not isinstance(study.get("name"), str):
            raise ValueError("configuration.study has no name or no datasets")
        TypeAdapter(FolderName).validate_python(study["name"])
        roots = [config.get("root") if isinstance(config, dict) else config for config in datasets.values()]
        if not all(root is None or isinstance(root, str) for root in roots):
            raise ValueError("configuration.study.datasets holds a root that is no text")
        return self

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
        content = self.model_dump()
        return json.dumps(content | {"hash": hash_of(content)}, indent=1, sort_keys=True) + "\n"


def store_in(folder: Path, study: str) -> Store:
    """The results of a study whose hashes.json lies in `folder`: the results' top, or a reference."""
    packed = (folder / RECORDS).is_file()
    return Store(folder.resolve().parent, folder.resolve().name) if packed else Store(folder, study)


def top_folder(store: Store) -> Path:
    """The folder of hashes.json and published copies: a reference itself, or the one that the study's stands in."""
    return store.folder if store.packed else store.folder.parent


def manifest_path(store: Store, dataset: str) -> Path:
    """The path of a dataset's manifest: in the study's folder if this is a copy, else with the prepared data."""
    beside = store.folder / dataset / "manifest.parquet"
    return beside if beside.exists() else WORK / "data" / store.folder.name / dataset / "manifest.parquet"


def configuration(study: StudyConfig) -> dict[str, Any]:
    """All of a study's settings, as JSON: its own, and those of its variants and readings."""
    return {"study": study.model_dump(mode="json"), "variants": [one.model_dump(mode="json") for one in study.arms]}


def same_bytes(one: Path, other: Path) -> bool:
    """Whether two files have the same content.

    Raises:
        OSError, ValueError: one is no regular file.
    """
    return check_regular(one) == check_regular(other) and file_hash(one) == file_hash(other)


def own_files(store: Store) -> Iterator[Path]:
    """The files in the study's folder, sorted, without hashes.json and half-written files (.name)."""
    for path in sorted(store.folder.rglob("*")):
        if path.is_file() and not path.name.startswith(".") and path != store.folder / NAME:
            yield path


def study_files(store: Store) -> Iterator[Path]:
    """The study's files, and its published ones: those in the results' top folder that are copies of its own."""
    own, top = store.folder, top_folder(store)
    for path in own_files(store):
        yield path
        twin = top / path.relative_to(own)
        if own != top and twin.is_file() and same_bytes(twin, path):
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
        raise InputError(
            f"{store.folder} holds no results; make them with `snakemake --cores all --config study={named}`"
        )
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
            store.check_seal(path)
            files[path] = file_hash(path)
            advance()
    found = {path.relative_to(top).as_posix(): told for path, told in files.items()}
    hashed = {dataset: file_hash(path) for dataset, path in manifests.items()}
    done = Hashes(
        study=named,
        configuration=configuration(study),
        git=git_state(),
        lock_hash=lock_hash(),
        manifests=hashed,
        files=found,
        not_kept=not_kept,
    )
    with atomic_write(top / NAME) as aside:
        aside.write_text(done.text(), encoding="utf-8")
    return top / NAME


def inspect_hashes(folder: Path) -> tuple[Hashes | None, str]:
    """The hashes.json of a folder as far as it has the form of one, and what is wrong with it, else an empty text.

    Raises:
        FileNotFoundError: there is none.
    """
    path = folder / NAME
    try:
        content = parse_json(whole := read_whole(path))
        found = Hashes.model_validate({name: value for name, value in content.items() if name != "hash"})
        return found, "" if found.text().encode() == whole else "it has been changed since it was written"
    except FileNotFoundError:
        raise
    except (OSError, ValueError, TypeError, AttributeError, RecursionError) as error:
        wrong = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
        return None, f"it has been changed since it was written ({wrong})"


def read_hashes(folder: Path) -> Hashes:
    """The hashes.json of a results folder or a reference.

    Raises:
        InputError: there is none.
        Mismatch: a byte of it has changed since it was written.
    """
    path = folder / NAME
    try:
        found, wrong = inspect_hashes(folder)
    except FileNotFoundError:
        raise InputError(f"no {path}; make it with `lcr hashes`, or let snakemake make all results") from None
    if found is None or wrong:
        raise Mismatch(f"{path}: {wrong}; make the results again")
    return found
