"""The fuzz: every reader of foreign files on mutated and generated files.

Promises: only LCRError comes out of a reader, no input takes more than 5 s of the processor, and none more than 1 GiB
of memory. The readers run in a process of their own with that limit (`python -m tests.faults.fuzz`). It prints the
numbers of each reader; where it dies, the parent notes the reader and goes on with the next.
"""

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from lcr.config.files import load_variant
from lcr.config.keys import Environment, recorded_key, recorded_versions
from lcr.config.load import load_study
from lcr.config.record import RunRecord
from lcr.config.run import runs_of
from lcr.data.decode import probe, read_frames
from lcr.data.formats import jester, kinetics, something
from lcr.data.manifest import read_manifest
from lcr.evidence.findings import Report
from lcr.evidence.hashes import Hashes, inspect_hashes
from lcr.evidence.reference import make_reference
from lcr.evidence.verify import check_settings, verify_files
from lcr.run.video import load_run
from lcr.study.predictions import load, pairs, predictions
from lcr.study.store import RECORDS, Store
from lcr.study.tables.frame import Source, read_frame
from lcr.study.tables.registry import TABLES
from lcr.synthetic.dataset import write as draw
from lcr.util.errors import LCRError
from lcr.util.parquet import read_sealed_parquet
from tests.evidence import conftest as simulated
from tests.faults import inputs
from tests.faults.flips import inside
from tests.micro import PROJECT
from tests.study.conftest import made_up_study

FULL = 10_000  # inputs of a whole run
SECONDS, MEMORY = 5, 2**30
TOTAL_SECONDS = 3000  # for a child that hangs where no signal reaches it


class Hang(BaseException):
    """The reader took more than SECONDS of the processor."""


@dataclass(frozen=True)
class Reader:
    """A reader of foreign files: its inputs, the file that each is written to, and the reading."""

    name: str
    path: Path
    inputs: st.SearchStrategy[Any]
    read: Callable[[], object]
    put: Callable[[Path, Any], None] = inputs.put
    share: float = 1.0


@dataclass
class Found:
    """The numbers of one reader, and its faults: by kind and place, the traceback of the first input."""

    reader: str
    inputs: int = 0
    refused: int = 0
    faults: dict[str, str] = field(default_factory=dict)


def readers(folder: Path) -> list[Reader]:
    """All readers of foreign files, each with a valid sample; `folder` is the working directory."""
    study = made_up_study(seeds=2, variants=["full", "lstm_gate"])
    simulated._finish(study)
    reference = make_reference(study, simulated.STUDY, simulated.RESULTS, simulated.REFERENCE.parent)
    (folder / "ablations").symlink_to(PROJECT / "ablations")
    run = runs_of(study, simulated.RESULTS)[0]
    return [
        *_configuration(folder),
        *_records(run, reference),
        *_tables(study, run),
        *_annotations(folder),
        *_media(folder),
        *_weights(folder),
    ]


def _configuration(folder: Path) -> Iterator[Reader]:
    ablations = PROJECT / "ablations"
    own, variant = folder / "own.yaml", folder / "variant.yaml"
    sample = (ablations / "studies/tiny.yaml").read_bytes()
    yield Reader("study", own, inputs.yaml_files(sample), lambda: load_study(own), share=1.5)
    sample = (ablations / "no_edge_prompt.yaml").read_bytes()
    yield Reader("ablation", variant, inputs.yaml_files(sample), lambda: load_variant(variant))


def _records(run: Any, reference: Path) -> Iterator[Reader]:
    path, records, top = run.folder / "run.json", reference / RECORDS, simulated.RESULTS
    yield Reader("run.json", path, inputs.json_files(path.read_bytes()), lambda: _of_record(run))
    packed = Store(reference.parent, reference.name)

    def read_packed() -> None:
        for key in packed.runs():
            packed.record(*key)

    yield Reader("runs.json", records, inputs.json_files(records.read_bytes()), read_packed)
    hashes = top / "hashes.json"
    whole = json.loads(hashes.read_bytes())
    del whole["hash"]
    either = inputs.json_files(hashes.read_bytes()) | inputs.restructured(whole, inputs.as_json).map(_rehashed)
    yield Reader("hashes.json", hashes, either, lambda: _of_hashes(run.study))
    log = run.folder / "metrics.jsonl"
    store, key = Store(simulated.RESULTS, run.study.name), (run.dataset, run.variant.name, run.seed)
    yield Reader("metrics.jsonl", log, inputs.json_lines(log.read_bytes()), lambda: store.metrics(*key))
    cost = simulated.OWN / "cost.json"
    sample = b'{"key": "a", "versions": {"torch": "2"}, "machine": "b"}'
    yield Reader("cost.json", cost, inputs.json_files(sample), lambda: (recorded_key(cost), recorded_versions(cost)))


def _of_record(run: Any) -> None:
    record = RunRecord.read(run.folder)
    run.is_stale(record)
    for made in record.makers:
        Environment.of(made)


def _rehashed(data: bytes) -> bytes:
    """A hashes.json whose own hash fits, where it has the form of one."""
    try:
        return Hashes.model_validate(json.loads(data)).text().encode()
    except (ValueError, TypeError):
        return data


def _of_hashes(study: Any) -> None:
    hashes, _ = inspect_hashes(simulated.RESULTS)
    if hashes is not None:
        verify_files(simulated.RESULTS, hashes, Report())
        check_settings(hashes, study, Report())


def _tables(study: Any, run: Any) -> Iterator[Reader]:
    source = Source(study, simulated.RESULTS)
    readings: dict[Path, Callable[[], object]] = {
        run.data.folder / "manifest.parquet": lambda: _of_manifest(run.data.folder / "manifest.parquet"),
        run.folder / "predictions.parquet": lambda: load([run], predictions),
        run.folder / "temporal.parquet": lambda: load([run], pairs),
    }
    for path, read in readings.items():
        sample = read_sealed_parquet(path, "")
        either = inputs.tables(sample) | inputs.mutated(path.read_bytes())
        yield Reader(path.name, path, either, read, put=inputs.put_table)
    for name in ("table2", "ablations"):
        path = simulated.OWN / f"{name}.csv"
        table = TABLES[name]
        reading = lambda path=path, table=table: read_frame(path, table, source.study.given)  # noqa: E731
        yield Reader(path.name, path, inputs.mutated(path.read_bytes()), reading, share=0.5)


def _of_manifest(path: Path) -> None:
    manifest = read_manifest(path)
    manifest.check_usable(1.0, str(path))
    _ = manifest.data_hash, manifest.rows("validation")


def _annotations(folder: Path) -> Iterator[Reader]:
    for form in (jester, something, kinetics):
        name = form.__name__.rpartition(".")[2]
        root = folder / name
        draw(name, root, train=1, validation=1, workers=1, progress=False)
        for path in sorted(path for path in root.iterdir() if path.suffix in (".csv", ".json")):
            strategy = inputs.json_files if path.suffix == ".json" else inputs.mutated
            reading = lambda form=form, root=root: form.read(root)  # noqa: E731
            yield Reader(f"{name} {path.name}", path, strategy(path.read_bytes()), reading, share=0.4)


def _media(folder: Path) -> Iterator[Reader]:
    clip = folder / "clip"
    clip.mkdir()
    image = np.random.default_rng(0).integers(0, 255, (24, 32, 3), np.uint8)
    for number in range(2):
        cv2.imwrite(str(clip / f"{number + 1:05d}.jpg"), image)
    frame = clip / "00001.jpg"
    sample = frame.read_bytes()
    yield Reader("image folder", frame, inputs.mutated(sample), lambda: _of_clip(clip))
    for name, suffix in (("something", ".webm"), ("kinetics", ".mp4")):
        video = folder / f"clip{suffix}"
        shutil.copy(min((folder / name).rglob(f"*{suffix}"), key=lambda path: path.stat().st_size), video)
        reading = lambda video=video: _of_clip(video)  # noqa: E731
        yield Reader(f"video {suffix}", video, inputs.mutated(video.read_bytes()), reading, share=0.5)


def _of_clip(path: Path) -> None:
    found = probe(path)
    if found.status == "ok":
        read_frames(path, range(min(2, found.frames)), lambda image: cv2.resize(image, (8, 8)))


def _weights(folder: Path) -> Iterator[Reader]:
    """A small trained run, whose weights and record `lcr predict` reads."""
    from tests.faults.small import write_trained

    own = write_trained(folder / "trained")
    for name, strategy in {"model.safetensors": inputs.safetensors, "run.json": inputs.json_files}.items():
        path = own / name
        yield Reader(f"predict {name}", path, strategy(path.read_bytes()), lambda: load_run(own), share=0.5)


def fuzz(reader: Reader, count: int) -> Found:
    """Runs one reader on `count` inputs, always the same ones."""
    found, before = Found(reader.name), peak_resident()
    valid = reader.path.read_bytes() if reader.path.exists() else None

    @settings(
        max_examples=count,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(reader.inputs)
    def one(content: Any) -> None:
        try:
            reader.put(reader.path, content)
        except (ValueError, TypeError, LCRError, pa.ArrowException):
            return  # this table has no form as parquet
        found.inputs += 1
        signal.setitimer(signal.ITIMER_PROF, SECONDS)
        try:
            reader.read()
        except LCRError:
            found.refused += 1
        except (Exception, Hang) as error:
            place = traceback.extract_tb(error.__traceback__)[-1]
            last = next(
                (one for one in reversed(traceback.extract_tb(error.__traceback__)) if "/lcr/" in one.filename), place
            )
            kind = f"{type(error).__name__} at {Path(last.filename).name}:{last.lineno}"
            found.faults.setdefault(kind, f"{error!s:.300}")
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
        if (peak := peak_resident()) > before + MEMORY:
            found.faults.setdefault("memory", f"{(peak - before) / MEMORY:.1f} GiB")

    one()
    if valid is not None:
        reader.path.write_bytes(valid)
    return found


def peak_resident() -> int:
    """The most memory that this process ever had resident, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _hang(*_: object) -> None:
    raise Hang


def _child(folder: Path, scale: float, start: int) -> None:
    """Runs the readers from number `start` on; prints a line of JSON before and after each."""
    results = os.fdopen(os.dup(1), "w")
    sys.stderr = os.fdopen(os.dup(2), "w", buffering=1)  # of Python alone; decoders in C write to the other
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.dup2(1, 2)
    signal.signal(signal.SIGPROF, _hang)
    with inside(folder), pytest.MonkeyPatch.context() as patch:
        simulated.pretend(patch)
        every = readers(folder)
        taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        # threads and allocators reserve addresses by the gigabyte, so resident memory is what counts (`fuzz`)
        resource.setrlimit(resource.RLIMIT_AS, (taken + 8 * MEMORY, resource.RLIM_INFINITY))
        share = scale * FULL / sum(reader.share for reader in every)
        for number, reader in list(enumerate(every))[start:]:
            print(json.dumps({"number": number, "reader": reader.name}), file=results, flush=True)
            found = fuzz(reader, max(1, round(1.1 * share * reader.share)))
            print(json.dumps(vars(found) | {"number": number}), file=results, flush=True)


def run(scale: float = 1.0) -> dict[str, object]:
    """Fuzzes every reader, with `scale` × FULL inputs in all.

    Returns:
        Numbers: inputs, readers, refused inputs, and the faults by reader.
    """
    found: list[dict[str, Any]] = []
    faults: list[str] = []
    start, ended = 0, False
    while not ended:
        with tempfile.TemporaryDirectory() as name:
            command = [sys.executable, "-m", "tests.faults.fuzz", name, str(scale), str(start)]
            child = subprocess.run(command, cwd=PROJECT, capture_output=True, timeout=TOTAL_SECONDS, check=False)
            lines = [json.loads(line) for line in child.stdout.splitlines()]
            found += [line for line in lines if "inputs" in line]
            ended = child.returncode == 0
            if not ended:
                last = lines[-1] if lines else {"number": -1, "reader": "the start"}
                faults.append(f"{last['reader']}: ended with {child.returncode}: {child.stderr[-300:]!r}")
                ended, start = not lines, last["number"] + 1
    faults += [f"{one['reader']}: {kind} ({why})" for one in found for kind, why in one["faults"].items()]
    return {
        "fuzzed inputs": sum(one["inputs"] for one in found),
        "fuzzed inputs refused": sum(one["refused"] for one in found),
        "readers": len(found),
        "faults": faults,
    }


if __name__ == "__main__":
    _child(Path(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]))
