"""Verification: published numbers against the files behind them, which are hashed, read and computed again.

Tables are made by the makers of `lcr table` (`lcr.study.tables.registry.TABLES`) and compared cell by cell. Files,
configuration, code, data manifests and records of runs are compared with hashes.json, the study and the sources.
A problem is a mismatch. A note is something that cannot be checked here or is worth knowing: weights that a copy does
not keep, a commit outside a shallow clone, another machine's libraries. Each file, run and table is checked by itself:
damage to one, hashes.json included, is a problem, and the others are checked all the same.
"""

import json
from collections.abc import Callable, Iterable
from os.path import lexists
from pathlib import Path
from typing import Any

import pyarrow as pa
from pydantic import ValidationError

from lcr.config.keys import Environment, recorded_key, recorded_versions
from lcr.config.made import GitState
from lcr.config.record import RunRecord
from lcr.config.run import Data, Run, all_runs
from lcr.config.study import StudyConfig
from lcr.config.study_keys import cost_key, diagnosis_key
from lcr.data.manifest import Manifest, read_manifest
from lcr.evidence.findings import Report
from lcr.evidence.hashes import (
    NAME,
    Hashes,
    configuration,
    manifest_path,
    own_files,
    same_bytes,
    store_in,
    study_files,
    top_folder,
)
from lcr.study.makers import mixtures, records_behind
from lcr.study.store import OF_RUN, RECORDS, Key, Store
from lcr.study.tables.frame import Source, Table, read_cells
from lcr.study.tables.registry import TABLES, tables_of
from lcr.util.errors import InputError
from lcr.util.files import file_hash
from lcr.util.progress import counting_bar
from lcr.util.provenance import commit_known, lock_hash, lock_hash_at
from lcr.util.reading import check_regular

SHOWN = 5  # differences of one table that are told one by one


def hashed_folders(folder: Path) -> list[Path]:
    """The folders of hashes.json: `folder` itself, or the references in it, their hashes.json gone or not.

    Raises:
        InputError: it is no folder.
    """
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder} is no folder; give that of the results")
    found = (
        []
        if lexists(folder / NAME)
        else sorted({path.parent for name in (NAME, RECORDS) for path in folder.glob(f"*/{name}")})
    )
    return found or [folder]


def studies_in(folder: Path) -> list[str]:
    """The names of the studies whose runs lie in `folder`, which is the results' top or a reference."""
    if (folder / RECORDS).is_file():
        return [folder.resolve().name]
    return sorted({path.parts[-5] for path in folder.glob("*/*/*/seed-*/run.json")})


def verify_files(folder: Path, hashes: Hashes, report: Report) -> None:
    """All that can be checked where the study is not known: every file of hashes.json against its hash."""
    report.checked = f"{len(hashes.files)} files"
    check_files(store_in(folder, hashes.name), hashes, report, lambda: None)


def verify_seals(folder: Path, studies: Iterable[str], report: Report) -> None:
    """All that can be checked without hashes.json and the study: the seal of every file that has one."""
    stores = [store_in(folder, name) for name in studies]
    report.checked = f"the seals among {sum(len([*own_files(store)]) for store in stores)} files"
    for store in stores:
        check_seals(store, own_files(store), report)


def verify(folder: Path, hashes: Hashes | None, study: StudyConfig, report: Report, *, strict: bool = False) -> None:
    """Checks results against their hashes.json, their runs, their data manifests and today's sources.

    Args:
        folder: the folder of `hashes`: the results' top, or a reference.
        hashes: None where hashes.json is gone or cannot be read; all else is checked without it.
        strict: runs that different backends, library versions or instruction sets made are a problem, not a note.
    """
    results = folder.parent if (folder / RECORDS).is_file() else folder
    store, source = Store(results, study.name), Source(study, results, measure=False)
    runs = all_runs(study, results)
    tables = {store.folder / f"{table.name}.csv": table for table in map(TABLES.get, tables_of(study)) if table.maker}
    there = [path for path in tables if lexists(path)]  # a folder or a FIFO too, which is then a problem
    files = len(hashes.files) if hashes else 0
    report.checked = f"{files} files, {len(runs)} runs, {len(there)} tables"
    with counting_bar(files + len(runs) + len(there), f"verifying {folder}") as advance:
        if hashes:
            with report.finding(folder / NAME):
                report.demand(study.name == hashes.name, f"{folder / NAME} is of another study, '{hashes.name}'")
            check_files(store, hashes, report, advance)
            check_settings(hashes, study, report)
        else:
            check_seals(store, own_files(store), report)
        check_keys(store.folder, study, report)
        manifests, made_in = check_manifests(store, hashes, study, report), {}
        for run in runs:
            made_in[run.dataset] = check_run(run, store, manifests.get(run.dataset), report) or made_in.get(run.dataset)
            advance()
        check_makers(list(runs), store, report, strict)
        for dataset, manifest in manifests.items():
            path = manifest_path(store, dataset)
            with report.finding(path):
                data, environment = Data.of(study, dataset), made_in.get(dataset)  # where it may have been made
                known = manifest.key in (data.key, environment and data.key_in(environment))
                report.demand(known, f"{path}: stale, made for other data settings, or by other sources")
        for path in tables:
            report.note(path, "not made", when=path not in there)
        for path in there:
            with report.finding(folder / path.name):
                published = folder / path.name
                same = not lexists(published) or same_bytes(published, path)
                report.demand(same, f"{published} is not the study's {path}")
            check_table(path, tables[path], source, report)
            advance()


def check_files(store: Store, hashes: Hashes, report: Report, advance: Callable[[], None]) -> None:
    """Every file of hashes.json against its hash; `advance` is called once a file."""
    folder, told = top_folder(store), hashes.files | hashes.not_kept
    for name, wanted in told.items():
        path = folder / name
        with report.finding(path):
            _check_file(path, name, wanted, store, hashes, report)
        if name in hashes.files:
            advance()
    with report.finding(store.folder):
        others = [path for path in study_files(store) if path.relative_to(folder).as_posix() not in told]
        for path in others:
            report.note(path.relative_to(folder).as_posix(), f"not in {NAME}")
        check_seals(store, others, report)


def check_seals(store: Store, paths: Iterable[Path], report: Report) -> None:
    """The seal of each file that has one."""
    for path in paths:
        with report.finding(path):
            store.check_seal(path)


def _check_file(path: Path, name: str, wanted: str, store: Store, hashes: Hashes, report: Report) -> None:
    """One file against its hash and, where the hash fits, against its own seal."""
    if Path(name).is_absolute() or ".." in Path(name).parts:
        raise InputError(f"{path}: {NAME} names a file outside its folder")
    report.note(name, "not kept in this copy, only its hash", when=name not in hashes.files)
    try:
        check_regular(path)
    except FileNotFoundError:
        report.demand(name not in hashes.files, f"{path} is missing")
        return
    if file_hash(path) != wanted:
        raise InputError(f"{path}: its bytes are not those of {NAME}")
    store.check_seal(path)


def check_settings(hashes: Hashes, study: StudyConfig, report: Report) -> None:
    """The recorded settings, commit and lock against today's."""
    with report.finding(NAME):
        changed = _differences(hashes.configuration, configuration(study))
        for place in changed:
            report.problem(f"study '{study.name}': {place} has changed since the results were made")
    with report.finding(NAME):
        try:
            git = GitState.model_validate(hashes.git)
        except ValidationError as error:
            where = ".".join(map(str, error.errors()[0]["loc"]))
            raise InputError(f"{NAME}: git.{where} is no commit, or no state") from None
        _check_code(NAME, git, hashes.lock_hash, report)


def check_keys(folder: Path, study: StudyConfig, report: Report) -> None:
    """The keys of the tables in `folder` that are made once a study."""
    for name in ("cost", "reading_diagnosis"):
        path = folder / f"{name}.json"
        with report.finding(path):
            key = cost_key(study) if name == "cost" else diagnosis_key(study, recorded_versions(path))
            same = not lexists(path) or recorded_key(path) == key
            report.demand(same, f"{path}: stale, {name}.csv was made by other sources or for another configuration")
            trained = lexists(path) and not TABLES[name].maker
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


def check_manifests(store: Store, hashes: Hashes | None, study: StudyConfig, report: Report) -> dict[str, Manifest]:
    """Each data manifest against its hash; returns the manifests that can be read."""
    found = {}
    for dataset in study.datasets:
        path = manifest_path(store, dataset)
        with report.finding(path):
            same = hashes is None or not path.is_file() or file_hash(path) == hashes.manifests.get(dataset)
            report.demand(same, f"{path}: its bytes are not those of {NAME}")
        with report.finding(path):
            manifest = read_manifest(path)
            _ = manifest.data_hash, manifest.rows()  # hostile rows fail here, and not in every run
            found[dataset] = manifest
    return found


def check_run(run: Run, store: Store, manifest: Manifest | None, report: Report) -> Environment | None:
    """A run's four files: its record against its configuration and the sources, its predictions against the manifest.

    Returns the environment that the run was made in, or None if its record cannot be read.
    """
    key = Key(run.dataset, run.variant.name, run.seed)
    places = {file: store.place(key, file) for file in OF_RUN}
    named = {file: f"{path}, {key.folder}" if store.packed else str(path) for file, path in places.items()}
    environment = record = predictions = None
    with report.finding(named["run.json"]):
        record = store.record(*key)
    with report.finding(named["predictions.parquet"]):
        predictions = store.predictions(*key)
    with report.finding(named["temporal.parquet"]):
        store.temporal(*key)
    with report.finding(named["metrics.jsonl"]):
        store.metrics(*key)
    if record is not None:
        with report.finding(named["run.json"]):
            _check_record(run, key, record, named["run.json"], report)
            environment = Environment.of(record.evaluation)
    if record is not None and predictions is not None:
        with report.finding(named["predictions.parquet"]):
            _check_predictions(run, record, predictions, manifest, named, report)
    return environment


def _check_record(run: Run, key: Key, record: RunRecord, place: str, report: Report) -> None:
    """A run's record against the run's place, its configuration and the sources."""
    told, stale = (record.study, record.dataset, record.variant, record.seed), run.is_stale(record)
    report.demand(told == (run.study.name, *key), f"{place}: it is the record of {'/'.join(map(str, told))}")
    report.demand(not stale, f"{place}: stale, its configuration or the sources have changed since it was made")
    elsewhere = not stale and (record.train_key, record.evaluate_key) != (run.train_key, run.evaluate_key)
    text = "made with other library versions or another WKV backend than this machine's"
    report.note(place, text, when=elsewhere)
    for made in dict.fromkeys((made.git, made.lock_hash) for made in record.makers):
        _check_code(place, *made, report)


def _check_predictions(
    run: Run, record: RunRecord, predictions: pa.Table, manifest: Manifest | None, named: dict[str, str], report: Report
) -> None:
    """A run's predictions against the recorded settings, and both against the manifest."""
    about = predictions.schema.metadata or {}
    classes, told_hash = json.loads(about[b"classes"]), about[b"data_hash"].decode()
    clips = dict(zip(predictions["id"].to_pylist(), predictions["label_name"].to_pylist(), strict=True))
    place = named["run.json"]
    for where in _changed_settings(run, record, len(classes)):
        report.problem(f"{place}: {where} is not the study's")
    if manifest is not None:
        same = record.data_hash == told_hash == manifest.data_hash
        report.demand(same, f"{place}: its data_hash is not that of the manifest")
        split, part = run.evaluated
        rows = manifest.rows(split)
        if part == "tuning":
            from lcr.data.clips import tuning_groups  # loads torch

            apart = tuning_groups([row["group"] for row in rows])
            rows = [row for row in rows if row["group"] in apart]
        wanted = {row["id"]: row["label"] or None for row in rows}
        same = list(classes) == list(manifest.classes) and clips == wanted and len(predictions) == len(wanted)
        report.demand(same, f"{named['predictions.parquet']}: not of the manifest's {run.config.evaluate_on} clips")


def check_makers(runs: list[Run], store: Store, report: Report, strict: bool) -> None:
    """Whether one backend, the same library versions and one instruction set made all runs."""
    with report.finding(store.folder, "the makers of its runs cannot be compared"):
        for row, note in mixtures(records_behind(store, runs)).items():
            report.demand(not strict, f"{store.folder / row}: {note}")
            report.note(store.folder / row, note, when=not strict)


def _changed_settings(run: Run, record: RunRecord, classes: int) -> list[str]:
    """The recorded settings that are not those of the study, by dotted names; mean and std come from the clips."""
    config, told = run.config.model_dump(mode="json"), record.model_dump(mode="json")
    own = told["config"].get("model") or {}
    of_clips = {name: own[name] for name in ("mean", "std") if name in own}
    today = {
        "config": config | {"model": run.model(classes).model_dump(mode="json") | of_clips},
        "protocol": config["protocol"] | {"frames": config["data"]["frames"], "views": run.config.protocol.views},
    }
    return _differences({part: {key: told[part].get(key) for key in today[part]} for part in today}, today)


def check_table(path: Path, table: Table, source: Source, report: Report) -> None:
    """A table against its maker, cell by cell."""
    with report.finding(path, "cannot be read, made again or compared"):
        found, wanted = read_cells(path, table, source.study.given), table.cells(table.make(source))
        if len(found) != len(wanted):
            raise InputError(f"it has {len(found)} rows, and {len(wanted)} are computed")
        measured = [column.name for column in table.columns if column.machine]
        report.note(path, f"{', '.join(measured)}: measured, so only its bytes are checked", when=measured)
        differences = [
            f"{path}, line {line}, {column}: {cell!r} stands, {right!r} is computed"
            for column in table.names
            if column not in measured
            for line, cell, right in zip(found.index, found[column], wanted[column], strict=True)
            if cell != right
        ]
        for difference in differences[:SHOWN]:
            report.problem(difference)
        report.demand(len(differences) <= SHOWN, f"{path}: and {len(differences) - SHOWN} more cells")
