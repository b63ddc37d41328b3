"""Parquet files that carry their own digest (`lcr.util.seals`) as key-value metadata in the footer."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from lcr.util.errors import InputError
from lcr.util.seals import PLACEHOLDER, sealed_bytes, sealed_write

SEAL = "seal"  # the key of the metadata


def write_sealed_parquet(path: str | Path, table: pa.Table, **options: Any) -> None:
    """Writes a table, sealed, whole or not at all.

    Args:
        options: of `pyarrow.parquet.ParquetWriter`.

    Raises:
        InputError: the place cannot be written to.
    """
    with sealed_write(path) as aside, pq.ParquetWriter(aside, table.schema, **options) as writer:
        writer.write_table(table)
        writer.add_key_value_metadata({SEAL: PLACEHOLDER})


def read_sealed_parquet(path: str | Path, remake: str, columns: list[str] | None = None) -> pa.Table:
    """Reads a table whose digest is checked first, with the schema metadata that it was written with.

    Args:
        remake: the command that makes the file again.

    Raises:
        FileNotFoundError: there is no such file.
        InputError: it has changed since it was written, was never sealed, or is no parquet file; the file is named.
    """
    content = sealed_bytes(path, remake)
    try:
        table = pq.read_table(pa.BufferReader(content), columns=columns)
    except (pa.ArrowException, OSError, ValueError) as error:
        why = " ".join(str(error).split())
        raise InputError(f"{path} cannot be read as parquet ({why}); make it again: {remake}") from error
    return table.replace_schema_metadata(
        {key: value for key, value in (table.schema.metadata or {}).items() if key != SEAL.encode()} or None
    )
