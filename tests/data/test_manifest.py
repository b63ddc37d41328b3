"""The manifest: one row a clip, its statuses, what it refuses; and subsets: balanced, usable, repeatable, roots."""

import json
import re
import shutil
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from lcr.data.manifest import SCHEMA, build_manifest, media_root, read_annotations, read_manifest
from lcr.data.subset import subset
from lcr.util.errors import InputError


def cut(root: Path, ids: Iterable[int]) -> None:
    """Makes clips of the Jester root truncated."""
    for id_ in ids:
        file = root / f"20bn-jester-v1/{id_}/00002.jpg"
        file.write_bytes(file.read_bytes()[:-100])


@pytest.mark.parametrize("dataset", ["jester", "something", "kinetics"])
def test_every_format_ends_in_the_same_columns(media: Path, tmp_path: Path, dataset: str) -> None:
    manifest = build_manifest(dataset, media / dataset, progress=False)
    manifest.write(tmp_path / "manifest.parquet")
    table = pq.read_table(tmp_path / "manifest.parquet")
    assert (table.schema.equals(SCHEMA), set(table["status"].to_pylist())) == (True, {"ok"})
    about = table.schema.metadata
    assert (about[b"dataset"].decode(), json.loads(about[b"classes"])) == (dataset, list(manifest.classes))
    again = read_manifest(tmp_path / "manifest.parquet")
    assert again == manifest
    assert (media_root(again, tmp_path / "manifest.parquet") / again.rows()[0]["path"]).exists()


def test_the_data_hash_follows_the_clips_and_not_the_root(jester_root: Path, tmp_path: Path) -> None:
    before = build_manifest("jester", jester_root, progress=False).data_hash
    moved = Path(shutil.move(jester_root, tmp_path / "moved"))
    assert build_manifest("jester", moved, progress=False).data_hash == before
    cut(moved, [3])
    assert build_manifest("jester", moved, progress=False).data_hash != before


def test_unusable_clips_are_counted_named_explained_and_skipped_within_the_share_allowed(jester_root: Path) -> None:
    cut(jester_root, range(1, 7))
    shutil.rmtree(jester_root / "20bn-jester-v1/7")
    said: list[str] = []
    manifest = build_manifest("jester", jester_root, progress=False, warn=said.append)
    statuses = [row["status"] for row in manifest.rows("train", usable=False)]
    assert statuses == ["truncated"] * 6 + ["missing"] + ["ok"] * 2
    assert len(manifest.rows("train")) == 2
    (text,) = said
    assert re.search(r"7 of 15 .*1 missing, 6 truncated.*1 \(00002\.jpg.* 2 ", text)
    manifest.check_usable(7 / 15, "here")
    with pytest.raises(InputError, match=r"here: 7 of 15 .*5 \(truncated\).*max_unusable_share"):
        manifest.check_usable(0.4, "here")


@pytest.mark.parametrize(("broken", "named"), [(range(10, 15), "validation"), (range(1, 16), "15 of 15")])
def test_a_split_or_dataset_without_one_usable_clip_is_refused(jester_root: Path, broken: range, named: str) -> None:
    cut(jester_root, broken)
    with pytest.raises(InputError, match=named):
        build_manifest("jester", jester_root, progress=False).check_usable(1, "here")


@pytest.mark.parametrize(
    ("dataset", "named"),
    [("jester", r"--data-root jester=DIR.*--config jester_root=DIR.*20bn-jester-v1/<id>"), ("jetser", "'jester'")],
)
def test_real_data_need_a_known_name_and_a_root(dataset: str, named: str) -> None:
    with pytest.raises(InputError, match=named):
        build_manifest(dataset, None)


def test_a_missing_damaged_or_foreign_manifest_is_refused(tmp_path: Path, media: Path) -> None:
    file = tmp_path / "manifest.parquet"
    build_manifest("kinetics", media / "kinetics", progress=False).write(file)
    damage = [
        lambda: file.write_bytes(file.read_bytes()[:-50]),
        lambda: pq.write_table(SCHEMA.empty_table().select(["id"]), file),
        file.unlink,
    ]
    for spoil in damage:
        spoil()
        with pytest.raises(InputError, match=f"{file}.*lcr data index"):
            read_manifest(file)


@pytest.mark.parametrize("dataset", ["jester", "something", "kinetics"])
def test_a_subset_is_a_root_in_the_same_format(media: Path, tmp_path: Path, dataset: str) -> None:
    part = subset(dataset, media / dataset, tmp_path / "part", per_class=1, seed=0, progress=False)
    manifest = build_manifest(dataset, tmp_path / "part", progress=False)
    assert set(manifest.table["status"].to_pylist()) == {"ok"}
    whole = {row.id: row for row in read_annotations(dataset, media / dataset).rows}
    assert [whole[row.id] for row in part.rows] == part.rows
    assert {(row["id"], row["label"]) for row in manifest.rows()} == {(row.id, row.label) for row in part.rows}
    assert max(Counter((row.split, row.label) for row in part.rows).values()) == 1
    assert manifest.classes == part.classes


def test_a_seed_decides_which_clips(media: Path, tmp_path: Path) -> None:
    parts = [
        subset("jester", media / "jester", tmp_path / str(at), per_class=1, seed=seed, progress=False)
        for at, seed in enumerate((0, 0, 1, 2, 3))
    ]
    assert parts[0] == parts[1]
    assert len({str(part) for part in parts}) > 1


def test_unusable_clips_are_passed_over_and_missing_ones_told(jester_root: Path, tmp_path: Path) -> None:
    for id_ in ("1", "4"):  # two of the three training clips of Swiping Left
        (jester_root / f"20bn-jester-v1/{id_}/00001.jpg").unlink()
    said: list[str] = []
    part = subset("jester", jester_root, tmp_path / "part", per_class=2, seed=0, progress=False, warn=said.append)
    assert [row.id for row in part.rows if row.split == "train" and row.label == "Swiping Left"] == ["7"]
    assert ("train" in said[0], "Swiping Left (1)" in said[0]) == (True, True)
    shutil.rmtree(jester_root / "20bn-jester-v1")
    (jester_root / "20bn-jester-v1").mkdir()
    with pytest.raises(InputError, match=f"{jester_root}.*train"):
        subset("jester", jester_root, tmp_path / "none", per_class=2, seed=0, progress=False)


def test_synthetic_data_are_no_real_dataset(media: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"'jester-fixture'.*'jester'"):
        subset("jester-fixture", media / "jester", tmp_path / "part", per_class=1, seed=0)
