"""Packed clips: equal to decoded ones, read only when they belong to the data, whole or not there."""

import pickle
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from lcr.config.study import DataConfig
from lcr.data import pack as packing
from lcr.data.decode import read_frames
from lcr.data.manifest import Manifest, build_manifest
from lcr.data.pack import Pack, pack
from lcr.data.transforms import fitting
from lcr.model.edges import edge_maps
from lcr.util.errors import InputError

SQUARE = DataConfig(frames=12, pack=True)
SHORT = DataConfig(frames=12, pack=True, resize="short_side", short_side=24)


@pytest.fixture
def manifest(jester_root: Path) -> Manifest:
    return build_manifest("jester", jester_root, progress=False)


@pytest.fixture
def packed(manifest: Manifest, jester_root: Path, tmp_path: Path) -> Path:
    """The square pack of the Jester clips."""
    pack(manifest, jester_root, tmp_path / "packed", SQUARE, 16, progress=False)
    return tmp_path / "packed"


@pytest.mark.parametrize("dataset", ["jester", "something", "kinetics"])
@pytest.mark.parametrize("data", [SQUARE, SHORT], ids=["square", "short_side"])
def test_packed_clips_equal_decoded_ones(media: Path, tmp_path: Path, dataset: str, data: DataConfig) -> None:
    folder, manifest = media / dataset, build_manifest(dataset, media / dataset, progress=False)
    pack(manifest, folder, tmp_path / "packed", data, 16, progress=False)
    found, rows = Pack(tmp_path / "packed", manifest, data, 16), manifest.rows()[::-1]
    for row in rows:
        direct = read_frames(folder / row["path"], range(row["frames"]), fitting(data, 16))
        assert np.array_equal(found.clip(row["id"]), direct)
    if data == SQUARE:
        numbers = np.array([[0, 3, 3, 5]] * len(rows))
        found = pickle.loads(pickle.dumps(found))  # as a loader's process gets it
        frames, edges = found.gather([row["id"] for row in rows], numbers)
        for at, row in enumerate(rows):
            direct = read_frames(folder / row["path"], numbers[at], fitting(data, 16))
            assert np.array_equal(frames[at], direct)
            assert np.array_equal(edges[at], edge_maps(direct))
        assert set(np.unique(edges)) == {0, 1}


def test_the_number_of_processes_does_not_change_a_byte(packed: Path, manifest, jester_root, monkeypatch) -> None:
    several = packing.parallel_map
    # as if the clips were worth two processes
    monkeypatch.setattr(packing, "parallel_map", lambda work, items, **options: several(work, items * 3, **options))
    monkeypatch.setattr(packing, "zip", lambda rows, results, strict: zip(rows, results, strict=False), raising=False)
    pack(manifest, jester_root, packed.with_name("two"), SQUARE, 16, workers=2, progress=False)
    for name in ("frames.bin", "edges.bin"):
        assert (packed / name).read_bytes() == (packed.with_name("two") / name).read_bytes()


def test_the_index_has_the_position_of_each_clip(packed: Path) -> None:
    table = pq.read_table(packed / "index.parquet").to_pylist()
    assert sum(row["frames"] for row in table) * 3 * 16 * 16 == (packed / "frames.bin").stat().st_size
    assert table[1]["offset"] == table[0]["frames"] * 3 * 16 * 16


def test_a_pack_of_other_data_or_settings_is_refused(packed: Path, manifest: Manifest, jester_root: Path) -> None:
    (jester_root / "20bn-jester-v1/1/00014.jpg").unlink()
    other = build_manifest("jester", jester_root, progress=False)
    for wanted in ((manifest, SQUARE, 24), (manifest, SHORT, 16), (other, SQUARE, 16)):
        with pytest.raises(InputError, match=f"{packed}.*lcr data pack"):
            Pack(packed, *wanted)


@pytest.mark.parametrize("file", ["frames.bin", "edges.bin", "index.parquet"])
def test_a_missing_or_cut_pack_is_refused(packed: Path, manifest: Manifest, file: str) -> None:
    with (packed / file).open("rb+") as opened:
        opened.truncate(1000)
    with pytest.raises(InputError, match=f"{packed}.*lcr data pack"):
        Pack(packed, manifest, SQUARE, 16)
    (packed / file).unlink()
    with pytest.raises(InputError, match=f"{packed}.*lcr data pack"):
        Pack(packed, manifest, SQUARE, 16)


def test_packing_that_fails_leaves_nothing_and_keeps_the_earlier_pack(packed, manifest, jester_root, monkeypatch):
    before = (packed / "frames.bin").read_bytes()

    def refused(named: str) -> None:
        for out in (packed, packed.with_name("other")):
            with pytest.raises(InputError, match=named):
                pack(manifest, jester_root, out, SQUARE, 16, progress=False)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(packing.pq, "write_table", full)
        refused("No space left on device")
    (jester_root / "20bn-jester-v1/4/00002.jpg").unlink()
    refused(r"00002\.jpg")
    assert (packed / "frames.bin").read_bytes() == before
    assert {path.name for path in packed.parent.iterdir()} == {"jester", "packed"}
