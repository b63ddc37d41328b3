"""Where a run lives and what it depends on: folders, keys, and the lock that keeps two trainers apart.

A run's key is a hash of everything that can change its numbers and is known before any data is read: the
configuration and the sources. Snakemake carries it in a rule's params: an edit redoes exactly the runs it can change.
"""

import ast
import fcntl
import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from lcr.config.study import StudyConfig
from lcr.config.variant import VariantConfig
from lcr.model.config import model_by_name

PACKAGE = Path(__file__).parents[1]
WORK = Path(".lcr")

# What each step's numbers depend on, besides its configuration.
DATA_SOURCES = ("model/edges.py", "data", "synthetic")
TRAIN_SOURCES = (*DATA_SOURCES, "model", "wkv", "run/train.py", "run/protocol.py")
EVALUATE_SOURCES = (*TRAIN_SOURCES, "run/evaluate.py")
CUDA_SOURCES = "wkv/cuda"  # counted for runs on a GPU alone
NATIVE, NUMBERS = "wkv/native", "numbers.json"  # the CPU kernel counts by the numbers it computes (lcr/wkv/numbers.py)
C_SUFFIXES = (".cpp", ".h", ".cu", ".cuh")
# enough for our own sources: none has a quote as a character, or a raw string
_COMMENT_OR_STRING = re.compile(r'(?P<string>"(?:\\.|[^"\\\n])*")|//[^\n]*|/\*.*?\*/', re.DOTALL)
# Parts of those folders that no run's numbers depend on.
NOT_COUNTED = ("cli.py", "bench.py", "subset.py", "check.py", "sheet.py", "numbers.py")


def data_folder(study: str, dataset: str) -> Path:
    """The folder of a study's prepared data: `raw/` (generated clips), `manifest.parquet`, `packed/`."""
    return WORK / "data" / study / dataset


def manifest_path(results: str | Path, study: str, dataset: str) -> Path:
    """Where a data set's manifest lies: beside the runs where the results are a copy, else with the prepared data."""
    beside = Path(results) / study / dataset / "manifest.parquet"
    return beside if beside.exists() else data_folder(study, dataset) / "manifest.parquet"


def run_folder(results: str | Path, study: str, dataset: str, variant: str, seed: int) -> Path:
    """The folder of one run's result files."""
    return Path(results) / study / dataset / variant / f"seed-{seed}"


def hash_of(content: Any) -> str:
    """SHA-256 of a JSON-able value, keys sorted."""
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()


@cache
def meaning(source: Path) -> str:
    """A Python or C++ source without comments and docstrings, which no number depends on; other files as they are.

    Of numbers.json the digests alone, not what is said beside them.
    """
    text = source.read_text(encoding="utf-8")
    if source.name == NUMBERS:
        return json.dumps({width: digest for width, digest in json.loads(text).items() if width.isdecimal()})
    if source.suffix in C_SUFFIXES:
        text = _COMMENT_OR_STRING.sub(lambda found: found["string"] or " ", text)
        return "\n".join(line.rstrip() for line in text.splitlines() if line.strip())
    if source.suffix != ".py":
        return text
    tree = ast.parse(text)
    documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    for node in ast.walk(tree):
        if isinstance(node, documented) and ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    return ast.dump(tree)


@cache
def source_hash(parts: tuple[str, ...], package: Path = PACKAGE) -> str:
    """Hash of the sources named (files or folders of the package), blind to comments and docstrings.

    Of the native kernel not the text but the digests of its results count, so that making it faster redoes no run.
    """
    files: set[Path] = set()
    for part in parts:
        place = package / part
        found: Iterable[Path] = place.rglob("*") if place.is_dir() else [place]
        files |= {
            file
            for file in found
            if (file.suffix in (".py", ".txt", *C_SUFFIXES) and file.name not in NOT_COUNTED) or file.name == NUMBERS
        }
    files = {file for file in files if package / NATIVE not in file.parents}
    if CUDA_SOURCES not in parts:
        files = {file for file in files if package / CUDA_SOURCES not in file.parents}
    return hash_of([[file.relative_to(package).as_posix(), meaning(file)] for file in sorted(files)])


def data_key(study: StudyConfig, dataset: str) -> str:
    """Hash of what a study's prepared data of one dataset depends on, beside the real files themselves."""
    config = study.dataset(dataset)
    size = model_by_name(config.model).frame_size
    data = config.data.model_dump(exclude={"workers"})
    fixture = config.fixture and config.fixture.model_dump()
    return hash_of([dataset, size, data, fixture, config.root, source_hash(DATA_SOURCES)])


def _sources(study: StudyConfig, parts: tuple[str, ...]) -> str:
    return source_hash((*parts, CUDA_SOURCES) if study.device == "cuda" else parts)


def train_key(study: StudyConfig, dataset: str, variant: VariantConfig, seed: int) -> str:
    """Hash of all that the weights of one run depend on and that is known before its data is read."""
    config = study.run(dataset, variant)
    model = study.model(dataset, variant, classes=1)  # the classes come with the data
    loss_frames = config.protocol.frames_read(config.data.frames) if config.train.loss_frames == "rule" else None
    recipe = config.train.model_dump(exclude={"checkpoint_seconds"})
    return hash_of(
        [
            data_key(study, dataset),
            model.model_dump(),
            recipe,
            loss_frames,
            seed,
            study.device,
            study.threads,
            _sources(study, TRAIN_SOURCES),
        ]
    )


def evaluate_key(study: StudyConfig, dataset: str, variant: VariantConfig, seed: int) -> str:
    """Hash of all that the predictions of one run depend on and that is known before its data is read."""
    config = study.run(dataset, variant)
    protocol = [config.protocol.model_dump(), config.protocol.frames_read(config.data.frames)]
    return hash_of([train_key(study, dataset, variant, seed), protocol, _sources(study, EVALUATE_SOURCES)])


@contextmanager
def only_one(name: str) -> Iterator[None]:
    """Holds a kernel file lock for the block: it goes with the process, however that ends."""
    path = WORK / "locks" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as opened:
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"waiting for the process that is at this run already ({path})", flush=True)
            fcntl.flock(opened, fcntl.LOCK_EX)
        yield
