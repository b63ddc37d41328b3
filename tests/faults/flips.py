"""Byte flips: one random byte of a file is changed, and the file's reader or `lcr verify` must name the file.

The trained files are those of the micro study, the tables and packed files those of a finished simulated study.
"""

import os
import random
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from lcr.commands.evidence import checked
from lcr.config.record import RunRecord
from lcr.config.run import WORK, Run
from lcr.data.clips import Clips
from lcr.data.manifest import read_manifest
from lcr.data.pack import Pack
from lcr.evidence.findings import Report
from lcr.evidence.hashes import inspect_hashes
from lcr.evidence.reference import make_reference
from lcr.evidence.verify import verify_files
from lcr.run.evaluate import evaluate
from lcr.run.made import made_here
from lcr.run.train import Training, set_machine, train
from lcr.run.weights import load_tensors
from lcr.study.store import PACKED, Store
from lcr.util.errors import LCRError
from tests.evidence import conftest as simulated
from tests.micro import PROJECT, STUDY, micro_run
from tests.study.conftest import made_up_study

FULL = 240  # flips of a whole run


@dataclass(frozen=True)
class Kind:
    """A kind of file, and the function that reads it: it raises LCRError or returns the findings."""

    name: str
    path: Path
    read: Callable[[], object]


@contextmanager
def inside(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def trained(folder: Path) -> list[Kind]:
    """The files of a micro run in `folder`, which is the working directory: trained, evaluated, with a checkpoint."""
    (folder / "ablations").symlink_to(PROJECT / "ablations")
    (folder / "micro.yaml").write_text(STUDY)
    run = micro_run("results")
    train(run)
    evaluate(run)
    store, data, key = Store("results", run.study.name), run.data.folder, (run.dataset, run.variant.name, run.seed)
    resumed = _checkpoint(run)
    readers: dict[Path, Callable[[], object]] = {
        run.folder / "model.safetensors": lambda: load_tensors(run.folder / "model.safetensors", ""),
        resumed().checkpoint: resumed,
        run.folder / "run.json": lambda: RunRecord.read(run.folder),
        run.folder / "predictions.parquet": lambda: store.predictions(*key),
        run.folder / "temporal.parquet": lambda: store.temporal(*key),
        run.folder / "metrics.jsonl": lambda: store.metrics(*key),
        data / "manifest.parquet": lambda: read_manifest(data / "manifest.parquet"),
        **{data / "packed" / name: lambda: _packed(run) for name in ("frames.bin", "edges.bin", "index.parquet")},
    }
    return [Kind(path.name, folder / path, read) for path, read in readers.items()]


def _checkpoint(run: Run) -> Callable[[], Training]:
    """Writes a checkpoint of the run; returns the function that goes on from it."""
    clips, config = Clips(run.data.folder, "train", run.config.data, run.data.frame_size), run.config
    about = {"hash": "flips", "name": run.name, "train_key": run.train_key}
    model, device = run.model(len(clips.classes)), set_machine(run.study)
    given = (model, config.train, config.protocol, run.seed, device)
    made = made_here(run.study, model, device)

    def resume() -> Training:
        return Training(clips, *given, WORK / "checkpoints/flips", about, made)

    training = resume()
    training.run(training.batches(0))
    training.save()
    return resume


def _packed(run: Run) -> None:
    """Reads every packed clip, as a training and an evaluation do together."""
    manifest = read_manifest(run.data.folder / "manifest.parquet")
    pack = Pack(run.data.folder / "packed", manifest, run.config.data, run.data.frame_size)
    for row in manifest.rows():
        pack.clip(row["id"])


def finished(folder: Path) -> list[Kind]:
    """The files of a finished simulated study in `folder`, which is the working directory, and of its reference."""
    study = made_up_study(seeds=2, variants=["full", "lstm_gate"])
    simulated._finish(study)
    for page in ("answer.html", "notebooks/table2.html", "README.md"):
        path = simulated.OWN / page
        path.parent.mkdir(exist_ok=True)
        path.write_text("<p>a page of the results</p>\n" * 20)
    simulated.Finished(study).rehash()
    reference = make_reference(study, simulated.STUDY, simulated.RESULTS, simulated.REFERENCE.parent)
    kinds = []
    for top in (simulated.RESULTS, reference):
        hashes, _ = inspect_hashes(top)
        assert hashes is not None
        by_kind = {(path.name, path.parent.parts[1:2]): path for path in (top / name for name in hashes.files)}
        paths = [*by_kind.values(), top / "hashes.json"]
        kinds += [Kind(path.name, folder / path, lambda top=top: byte_findings(top)) for path in paths]
    store = Store(reference.parent, reference.name)
    packed = [Kind(name, folder / reference / name, lambda: store.contents(store.runs()[0])) for name in PACKED]
    return kinds + packed


def byte_findings(top: Path) -> list[str]:
    """The findings of `lcr verify` that need no table to be made again."""
    hashes, wrong = inspect_hashes(top)
    report = Report()
    report.demand(not wrong, f"{top / 'hashes.json'}: {wrong}")
    if hashes is not None:
        verify_files(top, hashes, report)
    return report.problems


def flip(kind: Kind, at: int, by: int) -> bool:
    """Whether the change of one byte is found and its file named; the file is then as before."""
    whole = kind.path.read_bytes()
    kind.path.write_bytes(whole[:at] + bytes([whole[at] ^ by]) + whole[at + 1 :])
    try:
        found = kind.read()
        return isinstance(found, list) and any(kind.path.name in str(one) for one in found)
    except LCRError as error:
        return kind.path.name in str(error)
    finally:
        kind.path.write_bytes(whole)


def run(scale: float = 1.0, seed: int = 0) -> dict[str, object]:
    """Flips `scale` × FULL bytes, of each kind of file in turn.

    Returns:
        Numbers: flips, found, kinds, and the flips that were not found.
    """
    count, draw, missed = max(1, round(scale * FULL)), random.Random(seed), []
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        one, other = Path(name, "trained"), Path(name, "finished")
        one.mkdir()
        other.mkdir()
        with inside(one):
            kinds = trained(one)
            count_one = _flips(kinds, max(len(kinds), count // 2), draw, missed)
        with inside(other):
            simulated.pretend(patch)
            more = finished(other)
            count_other = _flips(more, max(len(more), count - count // 2), draw, missed)
            whole = checked(str(simulated.RESULTS)).problems
    return {
        "byte flips": count_one + count_other,
        "byte flips found": count_one + count_other - len(missed),
        "kinds of files": len(kinds) + len(more),
        "not found": missed + whole,
    }


def _flips(kinds: list[Kind], count: int, draw: random.Random, missed: list[str]) -> int:
    for number in range(count):
        kind = kinds[number % len(kinds)]
        at, by = draw.randrange(kind.path.stat().st_size), draw.randrange(1, 256)
        if not flip(kind, at, by):
            missed.append(f"{kind.path}: byte {at} ^ {by}")
    return count
