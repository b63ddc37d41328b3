"""Parquet files that carry their own digest (`lcr.util.seals`) as key-value metadata in the footer."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from lcr.util.errors import InputError
from lcr.util.seals import PLACEHOLDER, sealed_bytes, sealed_write

SEAL = "seal"  # the key of the metadata
MOST_BYTES = 2 * 2**30
MOST_VALUES = 64  # values of a table for each byte of its file; predictions and logs have fewer than 2


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
    content = sealed_bytes(path, remake, MOST_BYTES)
    try:
        opened = pq.ParquetFile(pa.BufferReader(content))
        _check_claims(opened.metadata, len(content))
        table = opened.read(columns)
    except (pa.ArrowException, OSError, ValueError) as error:
        why = " ".join(str(error).split())
        raise InputError(f"{path} cannot be read as parquet ({why}); make it again: {remake}") from error
    return table.replace_schema_metadata(
        {key: value for key, value in (table.schema.metadata or {}).items() if key != SEAL.encode()} or None
    )


def _check_claims(about: pq.FileMetaData, size: int) -> None:
    """Refuses a file of few bytes that would unfold to a table of many.

    Raises:
        ValueError: it claims more values than `size` bytes can hold.
    """
    groups = [about.row_group(number) for number in range(about.num_row_groups)]
    values = [group.column(number).num_values for group in groups for number in range(group.num_columns)]
    if not 0 <= about.num_rows <= size or min(values, default=0) < 0 or sum(values) > MOST_VALUES * size:
        raise ValueError(f"it claims {about.num_rows} rows and {sum(values)} values in {size} bytes")
