"""Packed clips: equal to decoded ones, read only when they belong to the data, whole or not there."""

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


@pytest.fixture(params=["jester", "something", "kinetics"])
def root(media: Path, request: pytest.FixtureRequest) -> tuple[Path, Manifest]:
    return media / request.param, build_manifest(request.param, media / request.param, progress=False)


@pytest.mark.parametrize("data", [SQUARE, SHORT], ids=["square", "short_side"])
def test_packed_clips_equal_decoded_ones(root: tuple[Path, Manifest], tmp_path: Path, data: DataConfig) -> None:
    folder, manifest = root
    pack(manifest, folder, tmp_path / "packed", data, 16, progress=False)
    packed = Pack(tmp_path / "packed", manifest, data, 16)
    for row in manifest.rows():
        direct = read_frames(folder / row["path"], range(row["frames"]), fitting(data, 16))
        assert np.array_equal(packed.clip(row["id"]), direct)


def test_gathered_frames_and_edges_equal_decoded_ones(root: tuple[Path, Manifest], tmp_path: Path) -> None:
    folder, manifest = root
    pack(manifest, folder, tmp_path / "packed", SQUARE, 16, progress=False)
    rows = manifest.rows()[::-1]
    numbers = np.array([[0, 3, 3, 5]] * len(rows))
    frames, edges = Pack(tmp_path / "packed", manifest, SQUARE, 16).gather([row["id"] for row in rows], numbers)
    for at, row in enumerate(rows):
        direct = read_frames(folder / row["path"], numbers[at], fitting(SQUARE, 16))
        assert np.array_equal(frames[at], direct)
        assert np.array_equal(edges[at], edge_maps(direct))
    assert edges.any()
    assert edges.max() == 1


def test_the_number_of_processes_does_not_change_a_byte(jester_root: Path, tmp_path: Path, monkeypatch) -> None:
    manifest = build_manifest("jester", jester_root, progress=False)
    pack(manifest, jester_root, tmp_path / "one", SQUARE, 16, workers=1, progress=False)
    several = packing.parallel_map
    # as if the clips were worth two processes
    monkeypatch.setattr(packing, "parallel_map", lambda work, items, **options: several(work, items * 3, **options))
    monkeypatch.setattr(packing, "zip", lambda rows, results, strict: zip(rows, results, strict=False), raising=False)
    pack(manifest, jester_root, tmp_path / "two", SQUARE, 16, workers=2, progress=False)
    for name in ("frames.bin", "edges.bin"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_the_index_says_where_each_clip_lies(jester_root: Path, tmp_path: Path) -> None:
    manifest = build_manifest("jester", jester_root, progress=False)
    pack(manifest, jester_root, tmp_path / "packed", SQUARE, 16, progress=False)
    table = pq.read_table(tmp_path / "packed/index.parquet").to_pylist()
    assert sum(row["frames"] for row in table) * 3 * 16 * 16 == (tmp_path / "packed/frames.bin").stat().st_size
    assert table[1]["offset"] == table[0]["frames"] * 3 * 16 * 16


def test_a_pack_of_other_data_is_refused(jester_root: Path, tmp_path: Path) -> None:
    manifest = build_manifest("jester", jester_root, progress=False)
    pack(manifest, jester_root, tmp_path / "packed", SQUARE, 16, progress=False)
    with pytest.raises(InputError, match="are of other data"):
        Pack(tmp_path / "packed", manifest, SQUARE, 24)
    with pytest.raises(InputError, match="are of other data"):
        Pack(tmp_path / "packed", manifest, SHORT, 16)
    (jester_root / "20bn-jester-v1/1/00014.jpg").unlink()
    with pytest.raises(InputError, match="are of other data"):
        Pack(tmp_path / "packed", build_manifest("jester", jester_root, progress=False), SQUARE, 16)


def test_a_missing_or_cut_pack_is_refused(jester_root: Path, tmp_path: Path) -> None:
    manifest = build_manifest("jester", jester_root, progress=False)
    with pytest.raises(InputError, match="no packed clips in"):
        Pack(tmp_path / "packed", manifest, SQUARE, 16)
    pack(manifest, jester_root, tmp_path / "packed", SQUARE, 16, progress=False)
    with (tmp_path / "packed/frames.bin").open("rb+") as opened:
        opened.truncate(1000)
    with pytest.raises(InputError, match=r"frames\.bin is damaged"):
        Pack(tmp_path / "packed", manifest, SQUARE, 16)


def test_packing_that_fails_leaves_nothing_and_keeps_the_earlier_pack(jester_root: Path, tmp_path: Path) -> None:
    manifest = build_manifest("jester", jester_root, progress=False)
    pack(manifest, jester_root, tmp_path / "packed", SQUARE, 16, progress=False)
    before = (tmp_path / "packed/frames.bin").read_bytes()
    (jester_root / "20bn-jester-v1/4/00002.jpg").unlink()
    for out in ("packed", "other"):
        with pytest.raises(InputError, match=r"00002\.jpg cannot be read any more"):
            pack(manifest, jester_root, tmp_path / out, SQUARE, 16, progress=False)
    assert (tmp_path / "packed/frames.bin").read_bytes() == before
    assert {path.name for path in tmp_path.iterdir()} == {"jester", "packed"}


def test_a_full_disk_is_said_and_leaves_nothing(jester_root: Path, tmp_path: Path, monkeypatch) -> None:
    manifest = build_manifest("jester", jester_root, progress=False)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(packing.pq, "write_table", full)
    with pytest.raises(InputError, match="No space left on device"):
        pack(manifest, jester_root, tmp_path / "packed", SQUARE, 16, progress=False)
    assert {path.name for path in tmp_path.iterdir()} == {"jester"}
