"""Packed clips: equal to decoded ones, read only when they belong to the data, whole or not there."""

import os
import pickle
from dataclasses import replace
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pyarrow as pa
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
    found, fit = pickle.loads(pickle.dumps(Pack(tmp_path / "packed", manifest, data, 16))), fitting(data, 16)
    for row in manifest.rows()[::-1]:
        direct = read_frames(folder / row["path"], range(row["frames"]), fit)
        assert np.array_equal(found.clip(row["id"]), direct)
        if data == SQUARE:
            frames, edges = found.gather([row["id"]], np.array([[0, 3, 3, 5]]))
            assert np.array_equal(frames[0], direct[[0, 3, 3, 5]])
            assert np.array_equal(edges[0], edge_maps(frames[0]))


def test_the_number_of_processes_does_not_change_a_byte(manifest: Manifest, jester_root: Path, tmp_path: Path) -> None:
    many = replace(manifest, table=pa.concat_tables([manifest.table] * 3))  # fewer are not worth a second process
    for workers in (1, 2):
        pack(many, jester_root, tmp_path / str(workers), SQUARE, 16, workers=workers, progress=False)
    for name in ("frames.bin", "edges.bin", "index.parquet"):
        assert (tmp_path / "1" / name).read_bytes() == (tmp_path / "2" / name).read_bytes()


def test_a_pack_of_other_data_or_settings_is_refused(packed: Path, manifest: Manifest, jester_root: Path) -> None:
    (jester_root / "20bn-jester-v1/1/00014.jpg").unlink()
    other = build_manifest("jester", jester_root, progress=False)
    for wanted in ((manifest, SQUARE, 24), (manifest, SHORT, 16), (other, SQUARE, 16)):
        with pytest.raises(InputError, match=f"{packed}.*lcr data pack"):
            Pack(packed, *wanted)


@pytest.mark.parametrize("file", ["frames.bin", "edges.bin", "index.parquet"])
def test_a_missing_or_cut_pack_is_refused(packed: Path, manifest: Manifest, file: str) -> None:
    for damage in (lambda: os.truncate(packed / file, 1000), (packed / file).unlink):
        damage()
        with pytest.raises(InputError, match=f"{packed}.*lcr data pack"):
            Pack(packed, manifest, SQUARE, 16)


def test_packing_that_fails_leaves_nothing_and_keeps_the_earlier_pack(packed, manifest, jester_root, monkeypatch):
    before, full = (packed / "frames.bin").read_bytes(), Mock(side_effect=OSError(28, "No space left on device"))
    for named in ("No space left on device", r"00002\.jpg"):
        monkeypatch.setattr(packing, "write_sealed_parquet", full)  # comes after the frames, of which one goes below
        for out in (packed, packed.with_name("other")):
            with pytest.raises(InputError, match=named):
                pack(manifest, jester_root, out, SQUARE, 16, progress=False)
        (jester_root / "20bn-jester-v1/4/00002.jpg").unlink(missing_ok=True)
    assert (packed / "frames.bin").read_bytes() == before
    assert {path.name for path in packed.parent.iterdir()} == {"jester", "packed"}
