"""A study's data: made when missing or stale, by one process, and never half."""

import multiprocessing
import shutil
from pathlib import Path

import pytest

from lcr.config.run import Data
from lcr.config.study import FixtureConfig, StudyConfig
from lcr.data import prepare as preparing
from lcr.data.clips import Clips
from lcr.data.manifest import read_manifest
from lcr.data.prepare import Steps, prepare
from lcr.util.errors import InputError
from tests.data.conftest import study_of


def generated(train: int = 2) -> StudyConfig:
    study = study_of(None, "jester-fixture", pack=True)
    fixture = FixtureConfig(train=train, validation=1, classes=("Swiping Left", "Swiping Right"))
    config = study.datasets["jester-fixture"].model_copy(update={"fixture": fixture})
    return study.model_copy(update={"datasets": {"jester-fixture": config}})


def times(folder: Path) -> dict[str, int]:
    return {
        file.relative_to(folder).as_posix(): file.stat().st_mtime_ns for file in folder.rglob("*") if file.is_file()
    }


def test_generated_data_are_drawn_indexed_and_packed_and_then_left_alone() -> None:
    folder = prepare(Data.of(generated(), "jester-fixture"), progress=False)
    assert folder == Path(".lcr/data/test/jester-fixture")
    before = times(folder)
    assert {"manifest.parquet", "packed/frames.bin", "packed/edges.bin", "packed/index.parquet"} <= set(before)
    assert prepare(Data.of(generated(), "jester-fixture"), progress=False) == folder
    assert times(folder) == before
    data = generated().dataset("jester-fixture").data
    assert len(Clips(folder, "train", data, 48)) == 4


def test_generated_data_may_be_moved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prepare(Data.of(generated(), "jester-fixture"), progress=False)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / ".lcr").rename(tmp_path / "elsewhere/.lcr")
    monkeypatch.chdir(tmp_path / "elsewhere")
    data = generated().dataset("jester-fixture").data.model_copy(update={"pack": False})
    clips = Clips(Path(".lcr/data/test/jester-fixture"), "train", data, 48)
    assert clips.train_batch(clips.labels[:1] * 0, 0, 0).frames.any()


def test_another_configuration_makes_the_data_anew() -> None:
    folder = prepare(Data.of(generated(), "jester-fixture"), progress=False)
    before = read_manifest(folder / "manifest.parquet")
    prepare(Data.of(generated(train=3), "jester-fixture"), progress=False)
    after = read_manifest(folder / "manifest.parquet")
    assert (before.table.num_rows, after.table.num_rows) == (6, 8)
    data = generated().dataset("jester-fixture").data
    assert len(Clips(folder, "train", data, 48)) == 6, "packed anew as well"


def test_what_a_killed_process_left_is_cleared_and_made_again(jester_root: Path) -> None:
    study = study_of(jester_root, pack=True)
    folder = Path(".lcr/data/test/jester")
    (folder / ".packed.123.tmp").mkdir(parents=True)
    (folder / ".packed.123.tmp/frames.bin").write_bytes(b"half")
    (folder / ".manifest.123.tmp.parquet").write_bytes(b"half")
    prepare(Data.of(study, "jester"), progress=False)
    assert {path.name for path in folder.iterdir()} == {"manifest.parquet", "packed"}


def test_a_damaged_manifest_or_pack_is_made_again(jester_root: Path) -> None:
    study = study_of(jester_root, pack=True)
    folder = prepare(Data.of(study, "jester"), progress=False)
    (folder / "manifest.parquet").write_bytes(b"")
    (folder / "packed/index.parquet").unlink()
    prepare(Data.of(study, "jester"), progress=False)
    assert len(Clips(folder, "train", study.dataset("jester").data, 48)) == 9


@pytest.mark.parametrize("gone", ["jester-v1-train.csv", "20bn-jester-v1/*", "*"])
def test_drawn_clips_that_lost_files_are_drawn_again(gone: str) -> None:
    folder = prepare(Data.of(generated(), "jester-fixture"), progress=False)
    before = set(times(folder / "raw"))
    for path in (folder / "raw").glob(gone):
        if path.name != preparing.KEY:  # as a shell's * leaves it
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    (folder / "manifest.parquet").unlink()
    prepare(Data.of(generated(), "jester-fixture"), progress=False)
    assert set(times(folder / "raw")) == before
    assert read_manifest(folder / "manifest.parquet").table.num_rows == 6


@pytest.mark.parametrize("lines", [0, 1], ids=["empty", "without the names"])
def test_an_unfinished_stamp_is_not_trusted(lines: int) -> None:
    folder = prepare(Data.of(generated(), "jester-fixture"), progress=False)
    stamp = folder / "raw" / preparing.KEY
    stamp.write_text("\n".join(stamp.read_text().splitlines()[:lines]))
    assert not Steps(Data.of(generated(), "jester-fixture")).fixture_is_fresh()
    prepare(Data.of(generated(), "jester-fixture"), progress=False)
    assert Steps(Data.of(generated(), "jester-fixture")).fixture_is_fresh()


def test_clips_indexed_again_are_packed_again(jester_root: Path) -> None:
    study = study_of(jester_root, pack=True, max_unusable_share=0.1)
    folder = prepare(Data.of(study, "jester"), progress=False)
    (jester_root / "20bn-jester-v1/1/00002.jpg").unlink()
    Steps(Data.of(study, "jester"), progress=False).index()
    prepare(Data.of(study, "jester"), progress=False)
    assert len(Clips(folder, "train", study.dataset("jester").data, 48)) == 8


def test_too_many_unusable_clips_leave_no_manifest(jester_root: Path) -> None:
    (jester_root / "20bn-jester-v1/1/00002.jpg").unlink()
    with pytest.raises(InputError, match=r"1 of 15 clips are unusable \(1 truncated\): 1 \(truncated\)"):
        prepare(Data.of(study_of(jester_root), "jester"), progress=False)
    assert not list(Path(".lcr/data/test/jester").glob("*"))


def test_real_data_without_a_root_say_how_to_give_it() -> None:
    with pytest.raises(InputError, match=r"--data-root jester=DIR.*jester_root=DIR.*a Jester root holds"):
        prepare(Data.of(study_of(None), "jester"), progress=False)


def test_a_dataset_that_the_study_lacks_is_refused(jester_root: Path) -> None:
    with pytest.raises(InputError, match="unknown dataset of study 'test' 'kinetics'"):
        prepare(Data.of(study_of(jester_root), "kinetics"), progress=False)


def test_real_data_are_never_drawn(jester_root: Path) -> None:
    with pytest.raises(InputError, match="draws no clips for jester"):
        Steps(Data.of(study_of(jester_root), "jester")).fixture()


def _prepare(root: Path, log: Path) -> None:
    build = preparing.build_manifest

    def logged(*args, **options):
        with log.open("a") as opened:
            opened.write("built\n")
        return build(*args, **options)

    preparing.build_manifest = logged
    prepare(Data.of(study_of(root), "jester"), progress=False)


def test_two_processes_prepare_once(jester_root: Path, tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    both = [context.Process(target=_prepare, args=(jester_root, tmp_path / "log")) for _ in range(2)]
    for process in both:
        process.start()
    for process in both:
        process.join(60)
    assert [process.exitcode for process in both] == [0, 0]
    assert (tmp_path / "log").read_text() == "built\n"
