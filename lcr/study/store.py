"""`Store`: the per-run results of a study, from run folders or from the packed files of a reference.

A run folder, `<study>/<dataset>/<variant>/seed-<seed>/`, holds run.json, predictions.parquet, temporal.parquet and
metrics.jsonl. A reference packs the runs into four files in `<study>/`: runs.json (its seal and a list of records) and
three parquet tables with the columns dataset, variant and seed before the run's own. In predictions.parquet `scores` is
a list, and `about` numbers the run's schema metadata, a list in the file's schema metadata. Packing loses nothing.
All these files are sealed (`lcr.util.seals`), and each reader checks the seal.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from lcr.config.record import NAME, RunRecord, command_of
from lcr.util.errors import InputError
from lcr.util.parquet import read_sealed_parquet, write_sealed_parquet
from lcr.util.reading import parse_json
from lcr.util.seals import PLACEHOLDER, check_seal, sealed_bytes, sealed_write

RECORDS, PREDICTIONS, TEMPORAL, METRICS = "runs.json", "predictions.parquet", "temporal.parquet", "metrics.parquet"
PACKED = (RECORDS, PREDICTIONS, TEMPORAL, METRICS)
REDO = "run snakemake again"
LOG, WEIGHTS = "metrics.jsonl", "model.safetensors"
OF_RUN = (NAME, PREDICTIONS, TEMPORAL, LOG)  # in the order of PACKED


class Key(NamedTuple):
    """The place of a run in its study."""

    dataset: str
    variant: str
    seed: int

    @property
    def folder(self) -> str:
        """The run's folder, relative to the study's."""
        return f"{self.dataset}/{self.variant}/seed-{self.seed}"


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """The path of a run's file, for a block that reads it.

    Raises:
        InputError: there is no such file, or the block cannot read it.
    """
    try:
        yield path
    except FileNotFoundError:
        raise InputError(f"no {path} (not run, or failed); {REDO}") from None
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError, pa.ArrowException) as error:
        raise InputError(f"{path} is damaged ({' '.join(str(error).split())}); remove it and {REDO}") from None


class Store:
    """The per-run results of a study.

    Args:
        results: the folder that the study's folder stands in.

    Every reader of a run raises InputError if the run's file is missing or damaged; the file is named.
    """

    def __init__(self, results: str | Path, study: str) -> None:
        self.folder = Path(results) / study
        self.packed = (self.folder / RECORDS).is_file()

    def place(self, run: Key, file: str) -> Path:
        """The file that holds one of a run's four files, `OF_RUN`: that file itself, or a packed one."""
        return self.folder / (PACKED[OF_RUN.index(file)] if self.packed else f"{run.folder}/{file}")

    def remake(self, path: Path) -> str:
        """The command that makes a file of a run again, for a message."""
        if self.packed:
            return f"`lcr reference --study {self.folder.name}`, or take it from the repository"
        if path.name in (LOG, WEIGHTS):
            return command_of(path.parent, "train", "--force")
        return command_of(path.parent, "evaluate")

    def check_seal(self, path: Path) -> None:
        """Checks the seal of a file; one that is not the study's, or not of a sealed kind, passes.

        Raises:
            FileNotFoundError: there is no such file.
            InputError: the file has changed since it was written, or an earlier version wrote it.
        """
        depth, sealed = (1, PACKED) if self.packed else (4, (*OF_RUN, WEIGHTS))
        inside = path.is_relative_to(self.folder) and len(path.relative_to(self.folder).parts) == depth
        if inside and path.name in sealed:
            check_seal(path, self.remake(path))

    def runs(self) -> list[Key]:
        """All runs that have a record, by dataset, variant and seed."""
        if self.packed:
            return sorted(self._records)
        parts = (path.parts[-4:-1] for path in self.folder.glob("*/*/seed-*/run.json"))
        named = ((dataset, variant, seed.removeprefix("seed-")) for dataset, variant, seed in parts)
        return sorted(Key(dataset, variant, int(seed)) for dataset, variant, seed in named if seed.isdecimal())

    def seeds(self, dataset: str, variant: str) -> list[int]:
        """The seeds that have a record, ascending."""
        return [run.seed for run in self.runs() if run[:2] == (dataset, variant)]

    def record(self, dataset: str, variant: str, seed: int) -> RunRecord:
        """The record of a run."""
        run = Key(dataset, variant, seed)
        if self.packed and run in self._records:
            return self._records[run]
        with whole_file(self.folder / run.folder / NAME) as path:
            return RunRecord.read(path.parent)

    def predictions(self, dataset: str, variant: str, seed: int, columns: list[str] | None = None) -> pa.Table:
        """Predictions of a run, one row a clip: id, label, label_name, prediction, score_0 … score_(classes - 1).

        The schema's metadata has protocol, data_hash, classes and run (the run's hash).
        """
        run = Key(dataset, variant, seed)
        with whole_file(self.place(run, PREDICTIONS)) as path:
            if not self.packed:
                return self._own_table(run, path, columns)
            rows = self._rows(PREDICTIONS, run)
            scores = rows["scores"].combine_chunks().flatten().to_numpy().reshape(len(rows), -1)
            for k, column in enumerate(scores.T):
                rows = rows.append_column(f"score_{k}", pa.array(column))
            rows = rows.drop_columns(["scores", "about"])
            return rows.select(columns or rows.column_names)

    def temporal(self, dataset: str, variant: str, seed: int) -> pa.Table:
        """Scores of a run's time-reversed pairs: id, label, reverse_label, condition, score_label, score_reverse."""
        run = Key(dataset, variant, seed)
        with whole_file(self.place(run, TEMPORAL)) as path:
            return self._rows(TEMPORAL, run) if self.packed else self._own_table(run, path)

    def metrics(self, dataset: str, variant: str, seed: int) -> list[dict[str, Any]]:
        """The lines of a run's training log: the mean of each window of steps, and a last line with `end`."""
        run = Key(dataset, variant, seed)
        with whole_file(self.place(run, LOG)) as path:
            if not self.packed:
                lines = [parse_json(line) for line in sealed_bytes(path, self.remake(path)).splitlines()]
                self._check_run(run, path, lines[-1].get("run", ""))
                return [{name: value for name, value in line.items() if name != "seal"} for line in lines]
            lines = self._rows(METRICS, run).to_pylist()
            return [{name: value for name, value in line.items() if value is not None} for line in lines]

    def _own_table(self, run: Key, path: Path, columns: list[str] | None = None) -> pa.Table:
        """A table in a run's own folder."""
        table = read_sealed_parquet(path, self.remake(path), columns)
        self._check_run(run, path, (table.schema.metadata or {}).get(b"run", b"").decode())
        return table

    def _check_run(self, run: Key, path: Path, told: str) -> None:
        """Refuses a whole file that was copied from another run's folder."""
        if told != self.record(*run).run_hash:
            raise InputError(f"{path} is a file of another run than run.json beside it; run {self.remake(path)} again")

    def contents(self, run: Key) -> tuple[RunRecord, pa.Table, pa.Table, list[dict[str, Any]]]:
        """The content of a run's four files, in the order of `OF_RUN`."""
        return self.record(*run), self.predictions(*run), self.temporal(*run), self.metrics(*run)

    @property
    def _records(self) -> dict[Key, RunRecord]:
        with whole_file(self.folder / RECORDS) as path:
            return _packed_records(path, path.stat().st_mtime_ns, self.remake(path))

    def _rows(self, name: str, run: Key) -> pa.Table:
        """The rows of a run in a packed table, with its schema metadata, without the columns that name the run."""
        (table, rows), (predictions, about) = (
            _packed_table(path, path.stat().st_mtime_ns, self.remake(path))
            for path in (self.folder / name, self.folder / PREDICTIONS)
        )
        if run not in rows and run not in self._records:
            raise FileNotFoundError
        abouts = json.loads(predictions.schema.metadata[b"about"])
        about_run = abouts[predictions["about"][int(about[run][0])].as_py()]
        found = table.take(rows.get(run, np.array([], int))).drop_columns(list(Key._fields))
        return found.replace_schema_metadata(about_run)


@lru_cache(2)
def _packed_records(path: Path, changed: int, remake: str) -> dict[Key, RunRecord]:
    """The records in runs.json. changed: the time of the file's last change, so that no older content is returned."""
    records = [RunRecord.parse(one, path) for one in parse_json(sealed_bytes(path, remake))["runs"]]
    return {Key(one.dataset, one.variant, one.seed): one for one in records}


@lru_cache(6)
def _packed_table(path: Path, changed: int, remake: str) -> tuple[pa.Table, dict[Key, np.ndarray]]:
    """A packed table, and the row numbers of each run."""
    table = read_sealed_parquet(path, remake)
    rows = table.select(Key._fields).to_pandas().groupby(list(Key._fields)).indices
    return table, {Key(*run): numbers for run, numbers in rows.items()}


def pack(store: Store, folder: Path) -> None:
    """Writes the packed files of all runs of `store` to `folder`.

    Raises:
        InputError: a file of a run is missing or damaged, or cannot be restored from the packed form.
    """
    runs = store.runs()
    contents = [store.contents(run) for run in runs]
    records, predictions, temporal, metrics = zip(*contents, strict=True)
    lines = ",\n".join(json.dumps(one.model_dump(mode="json", exclude_unset=True)) for one in records)
    with sealed_write(folder / RECORDS) as aside:
        aside.write_text(f'{{"seal": "{PLACEHOLDER}", "runs": [\n{lines}\n]}}\n', encoding="utf-8")
    abouts = [
        json.dumps({name.decode(): text.decode() for name, text in (table.schema.metadata or {}).items()})
        for table in predictions
    ]
    unique = list(dict.fromkeys(abouts))
    lists = [_with_lists(table, unique.index(about)) for table, about in zip(predictions, abouts, strict=True)]
    names = dict.fromkeys(name for log in metrics for line in log for name in line)
    logs = [pa.Table.from_pylist([names | line for line in log]) for log in metrics]
    for file, tables in {PREDICTIONS: lists, TEMPORAL: temporal, METRICS: logs}.items():
        named = [_named(table, run) for table, run in zip(tables, runs, strict=True)]
        whole = pa.concat_tables(named, promote_options="permissive")
        _write(folder / file, whole.replace_schema_metadata({"about": f"[{', '.join(unique)}]"}))
    packed = Store(folder.parent, folder.name)
    for run, wanted in zip(runs, contents, strict=True):
        for file, one, other in zip(OF_RUN, wanted, packed.contents(run), strict=True):
            if not _same(one, other):
                raise InputError(f"{store.place(run, file)} cannot be packed without loss")


def _same(one: Any, other: Any) -> bool:
    """Whether two files of a run have the same content; the column types of a table without rows do not count."""
    if isinstance(one, pa.Table):
        return one.equals(other, check_metadata=bool(one.schema.metadata)) or len(one) == len(other) == 0
    return json.dumps(one) == json.dumps(other) if isinstance(one, list) else one == other


def _with_lists(table: pa.Table, about: int) -> pa.Table:
    """Predictions of a run with the scores in a column of lists, and the number of their schema metadata."""
    names = [name for name in table.column_names if name.startswith("score_")]
    scores = np.column_stack([table[name] for name in names])
    offsets = np.arange(0, scores.size + 1, len(names), dtype=np.int32)
    table = table.drop_columns(names).append_column("scores", pa.ListArray.from_arrays(offsets, scores.ravel()))
    return table.append_column("about", pa.array([about] * len(table), pa.int16()))


def _named(table: pa.Table, run: Key) -> pa.Table:
    """A table with its run's name in front, without schema metadata."""
    names = {name: pa.repeat(value, len(table)) for name, value in run._asdict().items()}
    return pa.table(names | dict(zip(table.column_names, table.columns, strict=True)))


def _write(path: Path, table: pa.Table) -> None:
    """Writes a packed table. Splitting floats by byte and zstd take a quarter off the size of scores."""
    floats = [one.name for one in table.schema if pa.types.is_floating(one.type)]
    others = [name for name in table.column_names if name not in ("scores", *floats)]
    floats += ["scores.list.element"] if "scores" in table.column_names else []
    write_sealed_parquet(path, table, compression="zstd", use_byte_stream_split=floats, use_dictionary=others)
