"""A part of a real dataset: balanced, usable, repeatable, and a root of its own."""

import shutil
from collections import Counter
from pathlib import Path

import pytest

from lcr.data.manifest import build_manifest, read_annotations
from lcr.data.subset import subset
from lcr.util.errors import InputError


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
