"""What `lcr verify` checks beside tables: files, configuration, code, data manifests, and each run's own record.

What does not match is a problem. What cannot be checked here, or is worth knowing, is a note: weights that a copy does
not keep, a commit outside a shallow clone, a source that differed from its commit when the run was made.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from lcr.config.keys import recorded_key
from lcr.config.record import RunRecord
from lcr.config.run import Data, Run
from lcr.config.study import StudyConfig
from lcr.config.study_keys import cost_key, diagnosis_key
from lcr.config.variant import VariantConfig
from lcr.data.manifest import Manifest, read_manifest
from lcr.evidence.hashes import NAME, Hashes, configuration, study_files
from lcr.study.tables.registry import TABLES
from lcr.util.errors import InputError
from lcr.util.files import file_hash
from lcr.util.provenance import commit_known, lock_hash, lock_hash_at


@dataclass
class Report:
    """What was found.

    problems: what does not match, each in one line. notes: what could not be checked or is worth knowing, with the
    places that it is said of. files, runs, tables: how many were checked.
    """

    problems: list[str] = field(default_factory=list)
    notes: dict[str, list[str]] = field(default_factory=dict)
    files: int = 0
    runs: int = 0
    tables: int = 0

    def note(self, text: str, place: str | Path) -> None:
        self.notes.setdefault(text, []).append(str(place))

    def note_lines(self) -> Iterator[str]:
        """Each note once: `results/hashes.json and 24 more: made outside a repository`."""
        for text, places in self.notes.items():
            more = f" and {len(places) - 1} more" if len(places) > 1 else ""
            yield f"{places[0]}{more}: {text}"


def check_files(folder: Path, hashes: Hashes, report: Report, advance: Callable[[], None]) -> None:
    """Every file of hashes.json against its hash."""
    for name, told in hashes.files.items():
        path = folder / name
        if not path.is_file():
            report.problems.append(f"{path} is missing")
        elif file_hash(path) != told:
            report.problems.append(f"{path}: its bytes are not those of {NAME}")
        report.files += 1
        advance()
    for name, told in hashes.not_kept.items():
        if (folder / name).is_file() and file_hash(folder / name) != told:
            report.problems.append(f"{folder / name}: its bytes are not those of {NAME}")
    for name in hashes.not_kept:
        report.note("not kept in this copy, only its hash", name)
    here = {path.relative_to(folder).as_posix() for path in study_files(folder, hashes.name)}
    manifests = {f"{hashes.name}/{dataset}/manifest.parquet" for dataset in hashes.manifests}
    for name in sorted(here - hashes.files.keys() - hashes.not_kept.keys() - manifests):
        report.note(f"not in {NAME}", name)


def check_configuration(hashes: Hashes, study: StudyConfig, root: str | Path | None, report: Report) -> None:
    """The recorded settings against today's, and the recorded commit and lock."""
    today = configuration(study, root)
    for place in _differences(hashes.configuration, today):
        report.problems.append(f"study '{study.name}': {place} has changed since the results were made")
    _check_code(NAME, hashes.git, hashes.lock_hash, report)


def _differences(one: Any, other: Any, place: str = "") -> list[str]:
    """Where two JSON values differ, by dotted names."""
    if isinstance(one, dict) and isinstance(other, dict):
        keys = [*one, *(key for key in other if key not in one)]
        return [
            found
            for key in keys
            for found in _differences(one.get(key), other.get(key), f"{place}.{key}".removeprefix("."))
        ]
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        return [
            found
            for at, pair in enumerate(zip(one, other, strict=True))
            for found in _differences(*pair, f"{place}.{at}")
        ]
    return [] if one == other else [place]


def _check_code(place: str | Path, git: dict[str, Any], lock: str | None, report: Report) -> None:
    """The recorded commit must be in history, and the recorded lock that of the commit, or today's."""
    commit = git.get("commit")
    if commit is None:
        report.note("made outside a repository, so it names no commit", place)
    else:
        match commit_known(commit):
            case "not in history":
                report.problems.append(f"{place}: its commit {commit[:12]} is not in this repository's history")
            case "shallow":
                report.note(f"commit {commit[:12]} is outside this shallow clone, so it was not looked up", place)
            case "no repository":
                report.note("there is no repository here, so its commit was not looked up", place)
    if git.get("dirty"):
        report.note(f"made by sources that differed from commit {str(commit)[:12]}", place)
    if lock is not None and lock != lock_hash():
        then = lock_hash_at(commit) if commit else None
        if then is not None and then != lock:
            report.problems.append(f"{place}: its lock file is neither today's nor that of commit {str(commit)[:12]}")
        else:
            report.note("made under another requirements.lock than today's", place)


def check_manifests(folder: Path, hashes: Hashes, study: StudyConfig, report: Report) -> dict[str, Manifest]:
    """Each data manifest against its hash and the study's data configuration; returns those that can be read."""
    found = {}
    for dataset in study.datasets:
        path = Data.of(study, dataset).manifest(folder)
        if not path.is_file():
            report.problems.append(f"{path} is missing")
            continue
        if file_hash(path) != hashes.manifests.get(dataset):
            report.problems.append(f"{path}: its bytes are not those of {NAME}")
        try:
            manifest = read_manifest(path)
        except InputError as error:
            report.problems.append(str(error))
            continue
        if manifest.key != Data.of(study, dataset).key:
            report.problems.append(f"{path} was made for another configuration of the data, or by other sources")
        found[dataset] = manifest
    return found


def check_keys(folder: Path, study: StudyConfig, root: str | Path | None, report: Report) -> None:
    """What is made once a study, beside its runs: the key that its maker left against today's."""
    made = {"cost": cost_key(study), "reading_diagnosis": diagnosis_key(study)}
    for name, key in made.items():
        path = folder / study.name / f"{name}.json"
        if path.is_file() and recorded_key(path) != key:
            report.problems.append(f"{path}: stale, {name}.csv was made by other sources or for another configuration")
        if path.is_file() and name not in TABLES:
            report.note("made by training a few steps, so only its bytes and its key are checked", path)


def check_run(
    folder: Path,
    study: StudyConfig,
    dataset: str,
    variant: VariantConfig,
    seed: int,
    manifest: Manifest | None,
    report: Report,
) -> None:
    """One run's record against the configuration, the sources, and its data's manifest."""
    run = Run(study=study, dataset=dataset, variant=variant, seed=seed, results=folder)
    place = run.folder
    report.runs += 1
    try:
        record = json.loads((place / "run.json").read_text(encoding="utf-8"))
        predictions = pq.read_table(place / "predictions.parquet")
        config, git, told_protocol = (dict(record[name]) for name in ("config", "git", "protocol"))
        lock, data = record["lock_hash"], record["data_hash"]
        about = predictions.schema.metadata or {}
        classes, told_hash = json.loads(about[b"classes"]), about[b"data_hash"].decode()
        clips = dict(zip(predictions["id"].to_pylist(), predictions["label_name"].to_pylist(), strict=True))
    except (OSError, ValueError, KeyError, TypeError, pa.ArrowException) as error:
        report.problems.append(f"{place}: its files cannot be read ({' '.join(str(error).split())})")
        return

    def problem(text: str) -> None:
        report.problems.append(f"{place / 'run.json'}: {text}")

    names = {"study": study.name, "dataset": dataset, "variant": variant.name, "seed": seed}
    for key, value in names.items():
        if record.get(key) != value:
            problem(f"{key} is {record.get(key)!r}, its folder says {value!r}")
    if run.is_stale(RunRecord.parse(record, place)):
        problem("stale: its configuration or the sources have changed since it was made")
    chosen = run.config
    today = json.loads(json.dumps(chosen.model_dump(mode="json", exclude={"model"})))
    for where in _differences({key: config.get(key) for key in today}, today):
        problem(f"config.{where} is not the study's")
    protocol = chosen.protocol.model_dump() | {"frames": chosen.data.frames, "views": chosen.protocol.views}
    for where in _differences({key: told_protocol.get(key) for key in protocol}, protocol):
        problem(f"protocol.{where} is not the study's")
    model = study.model(dataset, variant, len(classes)).model_dump(mode="json")
    for where in _differences(config.get("model"), json.loads(json.dumps(model))):
        problem(f"config.model.{where} is not the variant's")
    _check_code(place, git, lock, report)
    if manifest is None:
        return
    if not data == told_hash == manifest.data_hash:
        problem("its data are not those of the manifest")
    wanted = {row["id"]: row["label"] or None for row in manifest.rows("validation")}
    if list(classes) != list(manifest.classes) or clips != wanted:
        problem("its predictions are not of the manifest's validation clips")
