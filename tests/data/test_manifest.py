"""The manifest: one row a clip, its statuses, and what it refuses."""

import json
import os
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from lcr.data.manifest import SCHEMA, build_manifest, media_root, read_manifest
from lcr.util.errors import InputError, RunFailed
from lcr.util.parallel import parallel_map


def cut(root: Path, *ids: int) -> None:
    """Makes clips of the Jester root truncated."""
    for id_ in ids:
        file = root / f"20bn-jester-v1/{id_}/00002.jpg"
        file.write_bytes(file.read_bytes()[:-100])


@pytest.mark.parametrize("dataset", ["jester", "something", "kinetics"])
def test_every_format_ends_in_the_same_columns(media: Path, tmp_path: Path, dataset: str) -> None:
    manifest = build_manifest(dataset, media / dataset, progress=False)
    manifest.write(tmp_path / "manifest.parquet")
    table = pq.read_table(tmp_path / "manifest.parquet")
    assert table.schema.equals(SCHEMA)
    metadata = table.schema.metadata
    assert metadata[b"dataset"].decode() == dataset
    assert json.loads(metadata[b"classes"]) == list(manifest.classes)
    assert set(table["status"].to_pylist()) == {"ok"}
    again = read_manifest(tmp_path / "manifest.parquet")
    assert again == manifest
    assert (media_root(again, tmp_path / "manifest.parquet") / again.rows()[0]["path"]).exists()


def test_the_data_hash_follows_the_clips_and_not_their_place(jester_root: Path, tmp_path: Path) -> None:
    before = build_manifest("jester", jester_root, progress=False).data_hash
    moved = shutil.move(jester_root, tmp_path / "moved")
    assert build_manifest("jester", moved, progress=False).data_hash == before
    cut(Path(moved), 3)
    assert build_manifest("jester", moved, progress=False).data_hash != before


def test_unusable_clips_are_counted_named_and_explained(jester_root: Path) -> None:
    cut(jester_root, 2)
    shutil.rmtree(jester_root / "20bn-jester-v1/5")
    said: list[str] = []
    manifest = build_manifest("jester", jester_root, progress=False, warn=said.append)
    statuses = {row["id"]: row["status"] for row in manifest.rows(usable=False)}
    assert (statuses["2"], statuses["5"], statuses["1"]) == ("truncated", "missing", "ok")
    assert len(said) == 1
    assert "2 of 15 clips are unusable (1 missing, 1 truncated)" in said[0]
    assert "2 (00002.jpg ends early)" in said[0]
    assert len(manifest.rows("train")) == 7


def test_unusable_clips_are_skipped_only_within_the_share_allowed(jester_root: Path) -> None:
    cut(jester_root, 2)
    manifest = build_manifest("jester", jester_root, progress=False)
    manifest.check_usable(1 / 15, "here")
    with pytest.raises(InputError, match=r"here: 1 of 15 clips are unusable .*2 \(truncated\).*max_unusable_share"):
        manifest.check_usable(0.05, "here")


def test_many_unusable_clips_are_counted_and_the_first_few_named(jester_root: Path) -> None:
    cut(jester_root, *range(1, 8))
    manifest = build_manifest("jester", jester_root, progress=False)
    with pytest.raises(InputError, match=r"7 of 15 .* and 2 more"):
        manifest.check_usable(0, "here")


def test_a_dataset_without_one_usable_clip_is_refused(jester_root: Path) -> None:
    cut(jester_root, *range(1, 16))
    with pytest.raises(InputError, match="not one usable clip: 15 of 15"):
        build_manifest("jester", jester_root, progress=False)


def test_a_split_without_one_usable_clip_is_refused(jester_root: Path) -> None:
    cut(jester_root, *range(10, 15))
    manifest = build_manifest("jester", jester_root, progress=False)
    with pytest.raises(InputError, match="no usable clip in the validation split"):
        manifest.check_usable(1, "here")


def test_real_data_without_a_root_say_how_to_give_it_and_what_it_holds() -> None:
    with pytest.raises(InputError, match=r"--data-root jester=DIR.*--config jester_root=DIR.*20bn-jester-v1/<id>"):
        build_manifest("jester", None)


def test_an_unknown_dataset_names_the_nearest(jester_root: Path) -> None:
    with pytest.raises(InputError, match="unknown dataset 'jetser'; did you mean 'jester'"):
        build_manifest("jetser", jester_root)


def test_a_missing_damaged_or_foreign_manifest_is_refused(tmp_path: Path, jester_root: Path) -> None:
    file = tmp_path / "manifest.parquet"
    with pytest.raises(InputError, match="no manifest"):
        read_manifest(file)
    build_manifest("jester", jester_root, progress=False).write(file)
    file.write_bytes(file.read_bytes()[:-50])
    with pytest.raises(InputError, match="is damaged"):
        read_manifest(file)
    pq.write_table(SCHEMA.empty_table().select(["id"]), file)
    with pytest.raises(InputError, match="is no manifest"):
        read_manifest(file)


def test_work_in_processes_keeps_the_order() -> None:
    items = list(range(-70, 0))
    assert list(parallel_map(abs, items, label="", workers=2, progress=False)) == [abs(item) for item in items]


def test_a_worker_that_dies_is_told() -> None:
    with pytest.raises(RunFailed, match="a worker process died"):
        list(parallel_map(os._exit, [1] * 70, label="", workers=2, progress=False))
