"""Files are whole or not there, whatever stops the writing."""

import errno
import os
from pathlib import Path

import pytest

from lcr.util.errors import InputError
from lcr.util.files import atomic_folder, atomic_write, check_writable


def test_a_full_disk_leaves_the_earlier_file_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "table.csv"
    file.write_text("earlier")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with (
        pytest.raises(InputError, match=r"table\.csv"),
        atomic_write(file) as aside,
    ):
        aside.write_text("later")
    assert file.read_text() == "earlier"
    assert [path.name for path in tmp_path.iterdir()] == ["table.csv"]


def test_a_device_that_is_full_refuses_the_write_itself(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"one\.txt"), atomic_write(tmp_path / "one.txt"):
        Path("/dev/full").write_text("too much")
    assert not list(tmp_path.iterdir())


def test_an_exception_leaves_nothing_half_written(tmp_path: Path) -> None:
    def fail() -> None:
        with atomic_write(tmp_path / "one.txt") as aside:
            aside.write_text("half")
            raise RuntimeError("stopped")

    with pytest.raises(RuntimeError, match="stopped"):
        fail()
    assert not list(tmp_path.iterdir())


def test_a_folder_replaces_the_earlier_one_only_when_it_is_complete(tmp_path: Path) -> None:
    folder = tmp_path / "clips"
    folder.mkdir()
    (folder / "one").write_text("earlier")

    def fail() -> None:
        with atomic_folder(folder) as aside:
            (aside / "two").write_text("half")
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(InputError, match="clips"):
        fail()
    assert [path.name for path in folder.iterdir()] == ["one"]
    with atomic_folder(folder) as aside:
        (aside / "two").write_text("whole")
    assert [path.name for path in folder.iterdir()] == ["two"]
    assert [path.name for path in tmp_path.iterdir()] == ["clips"]


def test_the_earlier_folder_comes_back_where_the_new_one_cannot_take_its_place(tmp_path: Path, monkeypatch) -> None:
    folder = tmp_path / "clips"
    folder.mkdir()
    (folder / "one").write_text("earlier")
    replace = Path.replace

    def refused(self: Path, target: Path) -> Path:
        if target == folder and (self / "two").exists():
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", refused)
    with pytest.raises(InputError, match="clips"), atomic_folder(folder) as aside:
        (aside / "two").write_text("whole")
    assert [path.name for path in tmp_path.iterdir()] == ["clips"]
    assert [path.name for path in folder.iterdir()] == ["one"]


def test_a_file_in_a_folders_place_is_told_and_not_hidden_by_the_tidying(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(InputError, match=r"taken/table\.csv"), atomic_write(tmp_path / "taken/table.csv"):
        pass
    with pytest.raises(InputError, match="taken"):
        check_writable(tmp_path / "taken")
