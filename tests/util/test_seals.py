"""Sealed files: each changed bit is an error that names the file and the command that makes it again."""

import json
import os
import stat

import numpy as np
import pyarrow as pa
import pytest

from lcr.util import seals
from lcr.util.errors import InputError
from lcr.util.parquet import read_sealed_parquet, write_sealed_parquet
from lcr.util.seals import PLACEHOLDER, check_seal, seal, sealed_bytes, sealed_write


@pytest.fixture
def sealed(tmp_path):
    path = tmp_path / "record.json"
    with sealed_write(path) as aside:
        aside.write_text(json.dumps({"a": 1, "seal": PLACEHOLDER, "b": [2, 3]}))
    return path


def refuses(path, remake="`lcr train --force`"):
    for check in (check_seal, sealed_bytes):
        with pytest.raises(InputError) as caught:
            check(path, remake)
        assert str(path) in str(caught.value)
        assert remake in str(caught.value)
        assert "\n" not in str(caught.value)


def test_a_sealed_file_is_read_as_it_was_written(sealed):
    check_seal(sealed, "")
    assert json.loads(sealed_bytes(sealed, ""))["b"] == [2, 3]
    assert PLACEHOLDER not in sealed.read_text()


def test_each_flipped_bit_is_found(sealed):
    whole = sealed.read_bytes()
    for bit in range(8 * len(whole)):
        changed = bytearray(whole)
        changed[bit // 8] ^= 1 << bit % 8
        sealed.write_bytes(changed)
        with pytest.raises(InputError):
            check_seal(sealed, "")


@pytest.mark.parametrize(
    "change", [lambda b: b[:-1], lambda b: b + b" ", lambda b: b + b, lambda b: b"", lambda b: b"{}"]
)
def test_a_cut_doubled_empty_or_unsealed_file_is_refused(sealed, change):
    sealed.write_bytes(change(sealed.read_bytes()))
    refuses(sealed)


@pytest.mark.parametrize("block", [1, 7, 75, 76, 100, 4096])
def test_the_size_of_a_block_changes_nothing(sealed, monkeypatch, block):
    monkeypatch.setattr(seals, "_BLOCK", block)
    check_seal(sealed, "")
    again = sealed.with_name("again.json")
    again.write_text(json.dumps({"a": 1, "seal": PLACEHOLDER, "b": [2, 3]}))
    seal(again)
    assert again.read_bytes() == sealed.read_bytes()


@pytest.mark.parametrize("text", ["none", PLACEHOLDER * 2])
def test_a_file_without_one_place_for_its_digest_is_never_written(sealed, text):
    before = sealed.read_bytes()
    with pytest.raises(ValueError, match="place"), sealed_write(sealed) as aside:
        aside.write_text(text)
    assert sealed.read_bytes() == before


def test_a_missing_file_is_missing_and_a_fifo_is_refused_at_once(tmp_path):
    with pytest.raises(FileNotFoundError):
        check_seal(tmp_path / "none", "")
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(InputError, match="fifo"):
        check_seal(tmp_path / "fifo", "")


def test_a_sealed_table_keeps_its_rows_and_metadata_and_each_flipped_byte_is_found(tmp_path):
    path = tmp_path / "of=1" / "table.parquet"  # a folder's name is no column
    table = pa.table({"id": ["a", "b"], "score": np.float32([0.5, 1])}).replace_schema_metadata({"about": "x"})
    write_sealed_parquet(path, table, compression="zstd")
    assert read_sealed_parquet(path, "").equals(table, check_metadata=True)
    assert read_sealed_parquet(path, "", ["id"]).column_names == ["id"]
    whole = path.read_bytes()
    for at in range(len(whole)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x10]) + whole[at + 1 :])
        with pytest.raises(InputError, match=r"table\.parquet"):
            read_sealed_parquet(path, "")


@pytest.mark.parametrize("mask", [0o022, 0o077])
def test_a_file_has_the_permissions_that_the_umask_leaves(tmp_path, mask):
    before = os.umask(mask)
    try:
        with sealed_write(tmp_path / "file") as aside:
            aside.write_text(PLACEHOLDER)
            aside.chmod(0o600)  # as safetensors does
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o666 & ~mask
