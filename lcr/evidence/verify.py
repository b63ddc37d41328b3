"""Verification: published numbers against the files behind them, which are hashed, read and computed again.

Tables are made by the makers of `lcr table` (`lcr.study.tables.registry.TABLES`) and compared cell by cell. Files,
configuration, code, data manifests and records of runs are compared with hashes.json, the study and the sources.
A problem is a mismatch. A note is something that cannot be checked here or is worth knowing: weights that a copy does
not keep, a commit outside a shallow clone, another machine's libraries.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from lcr.config.keys import Environment, recorded_key, recorded_versions
from lcr.config.made import GitState
from lcr.config.record import RunRecord
from lcr.config.run import Data, Run, reading_runs, runs_of
from lcr.config.study import StudyConfig
from lcr.config.study_keys import cost_key, diagnosis_key
from lcr.data.manifest import Manifest, read_manifest
from lcr.evidence.hashes import NAME, Hashes, configuration, manifest_path, study_files, top_folder
from lcr.study.makers import mixtures, records_behind
from lcr.study.store import RECORDS, Key, Store
from lcr.study.tables.frame import Source, Table, read_cells
from lcr.study.tables.registry import TABLES
from lcr.util.errors import InputError
from lcr.util.files import file_hash
from lcr.util.progress import counting_bar
from lcr.util.provenance import commit_known, lock_hash, lock_hash_at

SHOWN = 5  # differences of one table that are told one by one


@dataclass
class Report:
    """The findings of a verification.

    checked: in words, the numbers of files, runs and tables. problems: mismatches, each in one line. notes: by their
    text, the places that each is about.
    """

    checked: str = ""
    problems: list[str] = field(default_factory=list)
    notes: dict[str, list[str]] = field(default_factory=dict)

    def demand(self, holds: object, problem: str) -> None:
        """Adds a problem unless `holds`."""
        self.problems += [] if holds else [problem]

    def note(self, place: str | Path, text: str, *, when: object = True) -> None:
        """Adds a place to a note."""
        if when:
            self.notes.setdefault(text, []).append(str(place))

    def note_lines(self) -> Iterator[str]:
        """Each note once: `results/hashes.json and 24 more: made outside a repository`."""
        for text, places in self.notes.items():
            more = f" and {len(places) - 1} more" if len(places) > 1 else ""
            yield f"{places[0]}{more}: {text}"


def hashed_folder(folder: Path) -> Path:
    """The folder of hashes.json: `folder` itself, or the only reference in it.

    Raises:
        InputError: several references are in it.
    """
    found = [] if (folder / NAME).is_file() else sorted(path.parent for path in folder.glob(f"*/{NAME}"))
    if len(found) > 1:
        raise InputError(f"{folder} holds several studies; name one: {', '.join(map(str, found))}")
    return found[0] if found else folder


def verify(folder: Path, hashes: Hashes, study: StudyConfig, *, strict: bool = False) -> Report:
    """Checks results against their hashes.json, their runs, their data manifests and today's sources.

    Args:
        folder: the folder of `hashes`: the results' top, or a reference.
        strict: runs that different backends, library versions or instruction sets made are a problem, not a note.

    Raises:
        InputError: the hashes are of another study.
    """
    if study.name != hashes.name:
        raise InputError(f"{folder / NAME} is of study '{hashes.name}', not of '{study.name}'; give its --study")
    results = folder.parent if (folder / RECORDS).is_file() else folder
    store, source = Store(results, study.name), Source(study, results, measure=False)
    runs = {run.folder: run for run in (*runs_of(study, results), *reading_runs(study, results))}.values()
    tables = {store.folder / f"{table.name}.csv": table for table in TABLES.values() if table.maker}
    there = [path for path in tables if path.is_file()]
    report = Report(f"{len(hashes.files)} files, {len(runs)} runs, {len(there)} tables")
    with counting_bar(len(hashes.files) + len(runs) + len(there), f"verifying {folder}") as advance:
        check_files(store, hashes, report, advance)
        check_settings(store.folder, hashes, study, report)
        manifests, made_in = check_manifests(store, hashes, study, report), {}
        for run in runs:
            made_in[run.dataset] = check_run(run, store, manifests.get(run.dataset), report) or made_in.get(run.dataset)
            advance()
        check_makers(list(runs), store, report, strict)
        for dataset, manifest in manifests.items():
            data, environment = Data.of(study, dataset), made_in.get(dataset)  # where it may have been made
            known = data.key, environment and data.key_in(environment)
            path = manifest_path(store, dataset)
            report.demand(manifest.key in known, f"{path}: stale, made for other data settings, or by other sources")
        for path in tables:
            report.note(path, "not made", when=path not in there)
        for path in there:
            published = folder / path.name
            same = not published.is_file() or published.read_bytes() == path.read_bytes()
            report.demand(same, f"{published} is not the study's {path}")
            check_table(path, tables[path], source, report)
            advance()
    return report


def check_files(store: Store, hashes: Hashes, report: Report, advance: Callable[[], None]) -> None:
    """Every file of hashes.json against its hash; `advance` is called once a file."""
    folder, told = top_folder(store), hashes.files | hashes.not_kept
    for name, wanted in told.items():
        path, there = folder / name, (folder / name).is_file()
        report.demand(not there or file_hash(path) == wanted, f"{path}: its bytes are not those of {NAME}")
        if name in hashes.files:
            report.demand(there, f"{path} is missing")
            advance()
        else:
            report.note(name, "not kept in this copy, only its hash")
    for name in (path.relative_to(folder).as_posix() for path in study_files(store)):
        report.note(name, f"not in {NAME}", when=name not in told)


def check_settings(folder: Path, hashes: Hashes, study: StudyConfig, report: Report) -> None:
    """The recorded settings, commit and lock against today's, and the keys of tables made once a study, in `folder`."""
    changed = _differences(hashes.configuration, configuration(study))
    report.problems += [f"study '{study.name}': {place} has changed since the results were made" for place in changed]
    try:
        _check_code(NAME, GitState.model_validate(hashes.git), hashes.lock_hash, report)
    except ValidationError as error:
        report.problems.append(f"{NAME}: git.{'.'.join(map(str, error.errors()[0]['loc']))} is no commit, or no state")
    made_in = recorded_versions(folder / "reading_diagnosis.json")
    for name, key in {"cost": cost_key(study), "reading_diagnosis": diagnosis_key(study, made_in)}.items():
        path = folder / f"{name}.json"
        same = not path.is_file() or recorded_key(path) == key
        report.demand(same, f"{path}: stale, {name}.csv was made by other sources or for another configuration")
        trained = path.is_file() and not TABLES[name].maker
        report.note(path, "made by training a few steps, so only its bytes and its key are checked", when=trained)


def _differences(one: Any, other: Any, place: str = "") -> list[str]:
    """The places where two JSON values differ, by dotted names."""
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        one, other = dict(enumerate(one)), dict(enumerate(other))
    if not (isinstance(one, dict) and isinstance(other, dict)):
        return [] if one == other else [place]
    pairs = {key: (one.get(key), other.get(key)) for key in one | other}
    return [found for key, pair in pairs.items() for found in _differences(*pair, f"{place}.{key}".removeprefix("."))]


def _check_code(place: str, git: GitState, lock: str | None, report: Report) -> None:
    """The recorded commit must be in history, and the recorded lock that of the commit, or today's."""
    short = str(git.commit)[:12]
    known = commit_known(git.commit) if git.commit else "not recorded"
    report.demand(known != "not in history", f"{place}: its commit {short} is not in this repository's history")
    looked_up, why = known in ("in history", "not in history"), f", because {git.why}" if git.why else ""
    report.note(place, f"its commit was not looked up ({known}{why})", when=not looked_up)
    report.note(place, f"made by sources that differed from commit {short}", when=git.dirty)
    if lock not in (None, lock_hash()):
        fits = (lock_hash_at(git.commit) if git.commit else None) in (None, lock)
        report.demand(fits, f"{place}: its lock file is neither today's nor that of commit {short}")
        report.note(place, "made under another requirements.lock than today's", when=fits)


def check_manifests(store: Store, hashes: Hashes, study: StudyConfig, report: Report) -> dict[str, Manifest]:
    """Each data manifest against its hash; returns the manifests that can be read."""
    found = {}
    for dataset in study.datasets:
        path = manifest_path(store, dataset)
        same = not path.is_file() or file_hash(path) == hashes.manifests.get(dataset)
        report.demand(same, f"{path}: its bytes are not those of {NAME}")
        try:
            found[dataset] = read_manifest(path)
        except InputError as error:
            report.problems.append(str(error))
    return found


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
    told, stale = (record.study, record.dataset, record.variant, record.seed), run.is_stale(record)
    report.demand(told == (run.study.name, *key), f"{place}: it is the record of {'/'.join(map(str, told))}")
    report.demand(not stale, f"{place}: stale, its configuration or the sources have changed since it was made")
    elsewhere = not stale and (record.train_key, record.evaluate_key) != (run.train_key, run.evaluate_key)
    text = "made with other library versions or another WKV backend than this machine's"
    report.note(place, text, when=elsewhere)
    changed = _changed_settings(run, record, len(classes))
    report.problems += [f"{place}: {where} is not the study's" for where in changed]
    for made in dict.fromkeys((made.git, made.lock_hash) for made in record.makers):
        _check_code(place, *made, report)
    if manifest is not None:
        same = record.data_hash == told_hash == manifest.data_hash
        report.demand(same, f"{place}: its data_hash is not that of the manifest")
        wanted = {row["id"]: row["label"] or None for row in manifest.rows("validation")}
        same = list(classes) == list(manifest.classes) and clips == wanted
        report.demand(same, f"{place}: its predictions are not of the manifest's validation clips")
    return Environment.of(record.evaluation)


def check_makers(runs: list[Run], store: Store, report: Report, strict: bool) -> None:
    """Whether one backend, the same library versions and one instruction set made all runs."""
    try:
        mixed = mixtures(records_behind(store, runs))
    except InputError:  # `check_run` tells of the damaged record
        return
    for row, note in mixed.items():
        report.demand(not strict, f"{store.folder / row}: {note}")
        report.note(store.folder / row, note, when=not strict)


def _changed_settings(run: Run, record: RunRecord, classes: int) -> list[str]:
    """The recorded settings that are not those of the study, by dotted names."""
    config, told = run.config.model_dump(mode="json"), record.model_dump(mode="json")
    today = {
        "config": config | {"model": run.model(classes).model_dump(mode="json")},
        "protocol": config["protocol"] | {"frames": config["data"]["frames"], "views": run.config.protocol.views},
    }
    return _differences({part: {key: told[part].get(key) for key in today[part]} for part in today}, today)


def check_table(path: Path, table: Table, source: Source, report: Report) -> None:
    """A table against its maker, cell by cell."""
    try:
        found, wanted = read_cells(path, table, source.study.given), table.cells(table.make(source))
        if len(found) != len(wanted):
            raise InputError(f"it has {len(found)} rows, and {len(wanted)} are computed")
    except InputError as error:
        report.problems.append(f"{path} cannot be read, made again or compared: {str(error).splitlines()[0]}")
        return
    measured = [column.name for column in table.columns if column.machine]
    report.note(path, f"{', '.join(measured)}: measured, so only its bytes are checked", when=measured)
    differences = [
        f"{path}, line {line}, {column}: {cell!r} stands, {right!r} is computed"
        for column in table.names
        if column not in measured
        for line, cell, right in zip(found.index, found[column], wanted[column], strict=True)
        if cell != right
    ]
    report.problems += differences[:SHOWN]
    report.demand(len(differences) <= SHOWN, f"{path}: and {len(differences) - SHOWN} more cells")
