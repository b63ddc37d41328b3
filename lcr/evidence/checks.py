"""Checks of `lcr verify` on everything except tables: files, configuration, code, data manifests, records of runs.

A problem is something that does not match. A note is something that cannot be checked here or is worth knowing: weights
that a copy does not keep, a commit outside a shallow clone, another machine's libraries.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lcr.config.keys import Environment, recorded_key, recorded_versions
from lcr.config.record import RunRecord
from lcr.config.run import Data, Run
from lcr.config.study import StudyConfig
from lcr.config.study_keys import cost_key, diagnosis_key
from lcr.data.manifest import Manifest, read_manifest
from lcr.evidence.hashes import NAME, Hashes, configuration, manifest_path, study_files
from lcr.study.store import Key, Store
from lcr.study.tables.registry import TABLES
from lcr.util.errors import InputError
from lcr.util.files import file_hash
from lcr.util.provenance import commit_known, lock_hash, lock_hash_at


@dataclass
class Report:
    """The findings of a verification.

    checked: in words, the numbers of files, runs and tables. problems: mismatches, each in one line. notes: by their
    text, the places that each is about.
    """

    checked: str = ""
    problems: list[str] = field(default_factory=list)
    notes: dict[str, list[str]] = field(default_factory=dict)

    def note(self, text: str, place: str | Path) -> None:
        self.notes.setdefault(text, []).append(str(place))

    def note_lines(self) -> Iterator[str]:
        """Each note once: `results/hashes.json and 24 more: made outside a repository`."""
        for text, places in self.notes.items():
            more = f" and {len(places) - 1} more" if len(places) > 1 else ""
            yield f"{places[0]}{more}: {text}"


def check_files(folder: Path, hashes: Hashes, report: Report, advance: Callable[[], None]) -> None:
    """Every file of hashes.json against its hash."""
    for name, told in {**hashes.files, **hashes.not_kept}.items():
        path = folder / name
        if path.is_file() and file_hash(path) != told:
            report.problems.append(f"{path}: its bytes are not those of {NAME}")
        if name in hashes.files:
            if not path.is_file():
                report.problems.append(f"{path} is missing")
            advance()
        else:
            report.note("not kept in this copy, only its hash", name)
    for name in (path.relative_to(folder).as_posix() for path in study_files(folder, hashes.name)):
        if name not in hashes.files and name not in hashes.not_kept:
            report.note(f"not in {NAME}", name)


def check_configuration(hashes: Hashes, study: StudyConfig, report: Report) -> None:
    """The recorded settings against today's, and the recorded commit and lock."""
    for place in _differences(hashes.configuration, configuration(study)):
        report.problems.append(f"study '{study.name}': {place} has changed since the results were made")
    _check_code(NAME, hashes.git["commit"], hashes.git["dirty"], hashes.lock_hash, report)


def _differences(one: Any, other: Any, place: str = "") -> list[str]:
    """The places where two JSON values differ, by dotted names."""
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        one, other = dict(enumerate(one)), dict(enumerate(other))
    if not (isinstance(one, dict) and isinstance(other, dict)):
        return [] if one == other else [place]
    pairs = {key: (one.get(key), other.get(key)) for key in one | other}
    return [found for key, pair in pairs.items() for found in _differences(*pair, f"{place}.{key}".removeprefix("."))]


def _check_code(place: str, commit: str | None, dirty: bool | None, lock: str | None, report: Report) -> None:
    """The recorded commit must be in history, and the recorded lock that of the commit, or today's."""
    known = commit_known(commit) if commit else "not recorded"
    if known == "not in history":
        report.problems.append(f"{place}: its commit {commit[:12]} is not in this repository's history")
    elif known != "in history":
        report.note(f"its commit was not looked up ({known})", place)
    if dirty:
        report.note(f"made by sources that differed from commit {str(commit)[:12]}", place)
    if lock is not None and lock != lock_hash():
        then = lock_hash_at(commit) if commit else None
        if then is not None and then != lock:
            report.problems.append(f"{place}: its lock file is neither today's nor that of commit {str(commit)[:12]}")
        else:
            report.note("made under another requirements.lock than today's", place)


def check_manifests(folder: Path, hashes: Hashes, study: StudyConfig, report: Report) -> dict[str, Manifest]:
    """Each data manifest against its hash; returns the manifests that can be read."""
    found = {}
    for dataset in study.datasets:
        path = manifest_path(folder, study.name, dataset)
        try:
            if file_hash(path) != hashes.manifests.get(dataset):
                report.problems.append(f"{path}: its bytes are not those of {NAME}")
            found[dataset] = read_manifest(path)
        except FileNotFoundError:
            report.problems.append(f"{path} is missing")
        except InputError as error:
            report.problems.append(str(error))
    return found


def check_data(path: Path, manifest: Manifest, data: Data, environment: Environment | None, report: Report) -> None:
    """A manifest's key against the study's data configuration and the sources.

    Args:
        environment: of the runs on these data, in which the manifest may have been made.
    """
    if manifest.key not in (data.key, environment and data.key_in(environment)):
        report.problems.append(f"{path}: stale, made for another configuration of the data, or by other sources")


def check_keys(folder: Path, study: StudyConfig, report: Report) -> None:
    """Tables that are made once a study, beside its runs: the key that their maker left against today's."""
    made_in = recorded_versions(folder / "reading_diagnosis.json")
    for name, key in {"cost": cost_key(study), "reading_diagnosis": diagnosis_key(study, made_in)}.items():
        path = folder / f"{name}.json"
        if path.is_file() and recorded_key(path) != key:
            report.problems.append(f"{path}: stale, {name}.csv was made by other sources or for another configuration")
        if path.is_file() and not TABLES[name].maker:
            report.note("made by training a few steps, so only its bytes and its key are checked", path)


def check_run(run: Run, store: Store, manifest: Manifest | None, report: Report) -> Environment | None:
    """A run's record against its configuration and the sources, and its predictions against the data's manifest.

    Returns the environment that the run was made in, or None if its record cannot be read.
    """
    key = Key(run.dataset, run.variant.name, run.seed)
    path = store.place(key, "run.json")
    place = f"{path}, {key.folder}" if store.packed else str(path)
    try:
        record, predictions = store.record(*key), store.predictions(*key)
        about = predictions.schema.metadata or {}
        classes, told_hash = json.loads(about[b"classes"]), about[b"data_hash"].decode()
        clips = dict(zip(predictions["id"].to_pylist(), predictions["label_name"].to_pylist(), strict=True))
    except (InputError, ValueError, KeyError) as error:
        report.problems.append(f"{place}: its files cannot be read ({error})")
        return None
    told = (record.study, record.dataset, record.variant, record.seed)
    if told != (run.study.name, *key):
        report.problems.append(f"{place}: it is the record of {'/'.join(map(str, told))}")
    if run.is_stale(record):
        report.problems.append(f"{place}: stale, its configuration or the sources have changed since it was made")
    elif (record.train_key, record.evaluate_key) != (run.train_key, run.evaluate_key):
        report.note("made with other library versions or another WKV backend than this machine's", place)
    for where in _of_the_study(run, record, len(classes)):
        report.problems.append(f"{place}: {where} is not the study's")
    _check_code(place, record.git.commit, record.git.dirty, record.lock_hash, report)
    if manifest is not None:
        if not record.data_hash == told_hash == manifest.data_hash:
            report.problems.append(f"{place}: its data_hash is not that of the manifest")
        wanted = {row["id"]: row["label"] or None for row in manifest.rows("validation")}
        if list(classes) != list(manifest.classes) or clips != wanted:
            report.problems.append(f"{place}: its predictions are not of the manifest's validation clips")
    return Environment.of(record)


def _of_the_study(run: Run, record: RunRecord, classes: int) -> Iterator[str]:
    """The recorded settings that are not those of the study, by dotted names."""
    config, told = run.config, record.model_dump(mode="json")
    today = {
        "config": config.model_dump(mode="json") | {"model": run.model(classes).model_dump(mode="json")},
        "protocol": config.protocol.model_dump() | {"frames": config.data.frames, "views": config.protocol.views},
    }
    for part, settings in today.items():
        found = {key: told[part].get(key) for key in settings}
        yield from _differences(found, json.loads(json.dumps(settings)), part)
