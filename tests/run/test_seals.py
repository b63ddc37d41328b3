"""A flipped byte in a run's files or data is an error with the file's name, in every command that reads the file."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from lcr.commands.runs import predict
from lcr.config.run import Run
from lcr.report.summary import summary
from lcr.run.evaluate import evaluate
from lcr.run.train import train
from lcr.run.video import load_run
from lcr.run.weights import load_tensors, save_tensors
from lcr.study.store import Store
from lcr.util.errors import InputError
from tests.micro import micro_run
from tests.sealed import edit_record

pytestmark = pytest.mark.usefixtures("inside")


@pytest.fixture(scope="module")
def evaluated(reference: Path, project: Path) -> Path:
    """The folder of the reference run, evaluated."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(project)
        return project / evaluate(micro_run(reference.parents[3]))


@pytest.fixture
def copy(evaluated: Path, tmp_path: Path) -> Run:
    """The same run in a folder of its own."""
    run = micro_run(tmp_path)
    shutil.copytree(evaluated, run.folder)
    return run


def flip(path: Path, at: float = 0.5) -> None:
    content = bytearray(path.read_bytes())
    content[int(at * len(content))] ^= 0x04
    path.write_bytes(content)


def store_of(run: Run) -> Store:
    return Store(run.results, run.study.name)


READERS: list[tuple[str, str, Callable[[Run], object]]] = [
    ("model.safetensors", "lcr train .*--seed 0 --force", train),
    ("metrics.jsonl", "lcr train .*--seed 0 --force", train),
    ("model.safetensors", "lcr train .*--seed 0 --force", evaluate),
    ("metrics.jsonl", "lcr train .*--seed 0 --force", evaluate),
    ("model.safetensors", "lcr train .*--seed 0 --force", lambda run: load_run(run.folder)),
    ("run.json", "lcr evaluate .*--seed 0", lambda run: load_run(run.folder)),
    *((name, "lcr evaluate .*--seed 0", lambda run: summary(run.folder))
      for name in ("run.json", "predictions.parquet", "temporal.parquet")),
    ("metrics.jsonl", "lcr train .*--seed 0 --force", lambda run: store_of(run).metrics(run.dataset, "full", 0)),
]  # fmt: skip


@pytest.mark.parametrize(("file", "remake", "read"), READERS)
@pytest.mark.parametrize("at", [0, 0.5, 0.999])
def test_a_flipped_byte_is_named_with_the_command_that_makes_the_file_again(copy, file, remake, read, at):
    read(copy)
    flip(copy.folder / file, at)
    before = (copy.folder / file).read_bytes()
    with pytest.raises(InputError, match=rf"{copy.folder}/{file}.*{remake}"):
        read(copy)
    assert (copy.folder / file).read_bytes() == before


@pytest.mark.parametrize("file", ["predictions.parquet", "temporal.parquet", "metrics.jsonl"])
def test_a_whole_file_of_another_run_is_not_read_as_this_runs(copy, file):
    edit_record(copy.folder, run_hash="another")
    read = {
        "predictions.parquet": Store.predictions,
        "temporal.parquet": Store.temporal,
        "metrics.jsonl": Store.metrics,
    }
    with pytest.raises(InputError, match=rf"{copy.folder}/{file}.*lcr"):
        read[file](store_of(copy), copy.dataset, "full", 0)


@pytest.mark.parametrize("file", ["frames.bin", "edges.bin"])
@pytest.mark.parametrize("read", [lambda run: train(run, force=True), evaluate])
def test_a_flipped_byte_of_packed_clips_is_named_when_the_clip_is_read(copy, file, read):
    packed = copy.data.folder / "packed"
    kept = shutil.copytree(packed, copy.results / "kept")
    try:
        for at in (0, 0.3, 0.5, 0.9, 0.999):  # some clip of either split
            flip(packed / file, at)
        with pytest.raises(InputError, match=rf"{packed}/{file}.*lcr data pack"):
            read(copy)
    finally:
        shutil.copytree(kept, packed, dirs_exist_ok=True)
    read(copy)


@pytest.mark.parametrize("stream", [False, True])
def test_weights_that_are_not_numbers_predict_nothing_and_are_not_evaluated(copy, stream):
    tensors, about = load_tensors(copy.folder / "model.safetensors", "")
    tensors["head.bias"][0] = float("nan")
    save_tensors(copy.folder / "model.safetensors", tensors, about)
    video = next((copy.data.folder / "raw").glob("20bn-jester-v1/*"))
    with pytest.raises(InputError, match=rf"{copy.folder}.*lcr train"):
        predict(video, copy.folder, stream=stream)
    with pytest.raises(InputError, match=rf"{copy.folder}.*lcr train"):
        evaluate(copy)
