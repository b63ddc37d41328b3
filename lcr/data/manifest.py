"""The manifest: one row a clip of any dataset, so that nothing after it knows how a dataset lies on the disk.

manifest.parquet has the columns of `SCHEMA` (`group`: the performer where known, else the clip itself). Its metadata
carries the dataset, the root, the classes (JSON, in the official order: position = class number) and the key of the
configuration it was made for. A root that is not absolute starts at the manifest's own folder, so synthetic data may be
moved.
"""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property, partial
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pyarrow as pa

from lcr.config.datasets import dataset_format
from lcr.config.keys import hash_of
from lcr.config.study import MAX_PIXELS
from lcr.data.decode import Probe, probe
from lcr.data.formats.annotations import SPLITS, Annotations
from lcr.util.errors import InputError
from lcr.util.parallel import parallel_map
from lcr.util.parquet import read_sealed_parquet, write_sealed_parquet
from lcr.util.reading import parse_json

PERFORMERS = "performers.csv"
SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("label", pa.string()),
        ("split", pa.string()),
        ("path", pa.string()),
        ("frames", pa.int32()),
        ("width", pa.int32()),
        ("height", pa.int32()),
        ("hash", pa.string()),
        ("group", pa.string()),
        ("status", pa.string()),
    ]
)


@dataclass(frozen=True)
class Manifest:
    """The clips of a dataset.

    Attributes:
        dataset: its name, one of `lcr.config.datasets.DATASETS`.
        root: the folder that the paths start from, absolute or relative to the manifest's folder.
        classes: the labels in their official order.
        table: rows of `SCHEMA`, by split and id.
        key: `lcr.config.run.Data.key` of the configuration it was made for; empty when made by hand.
    """

    dataset: str
    root: str
    classes: tuple[str, ...]
    table: pa.Table
    key: str = ""

    @cached_property
    def data_hash(self) -> str:
        """SHA-256 of the clips and classes; the root does not count."""
        return hash_of([self.dataset, self.classes, self.table.to_pydict()])

    def rows(self, split: str | None = None, *, usable: bool = True) -> list[dict]:
        """The rows of a split (None: of all), as dictionaries; only the usable ones unless told otherwise."""
        return [
            row
            for row in self.table.to_pylist()
            if split in (None, row["split"]) and (row["status"] == "ok" or not usable)
        ]

    def check_usable(self, max_unusable_share: float, where: str) -> None:
        """Refuses a dataset with too many unusable clips.

        Raises:
            InputError: more than the allowed share of the clips is missing or broken, or a split has none left.
        """
        rows = self.rows(usable=False)
        broken = [row for row in rows if row["status"] != "ok"]
        if len(broken) > max_unusable_share * len(rows):
            raise InputError(
                f"{where}: {unusable_text(broken, len(rows))}; the study allows a share of {max_unusable_share:g} "
                "(data: max_unusable_share): mend the clips, or allow more"
            )
        for split in ("train", "validation"):
            if not self.rows(split):
                raise InputError(f"{where}: no usable clip in the {split} split")

    def write(self, path: str | Path) -> None:
        """Writes the parquet file, sealed, whole or not at all."""
        metadata = {"dataset": self.dataset, "root": self.root, "classes": json.dumps(self.classes), "key": self.key}
        write_sealed_parquet(path, self.table.replace_schema_metadata(metadata))


def first_few(names: Sequence[str], count: int = 5) -> str:
    """The first few of many names, and the number of the others."""
    more = f" and {len(names) - count} more" if len(names) > count else ""
    return ", ".join(names[:count]) + more


def unusable_text(broken: Sequence[dict], of: int) -> str:
    """The number of unusable clips by status, and the first few by name, with `why` where a row has it."""
    kinds = ", ".join(f"{count} {status}" for status, count in sorted(Counter(row["status"] for row in broken).items()))
    named = first_few([f"{row['id']} ({row.get('why') or row['status']})" for row in broken])
    return f"{len(broken)} of {of} clips are unusable ({kinds}): {named}"


def read_manifest(path: str | Path) -> Manifest:
    """Reads a manifest.

    Raises:
        InputError: the file is missing, has changed since it was written, or is no manifest.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"no manifest {path}; make it with `lcr data index`")
    table = read_sealed_parquet(path, "`lcr data index`")
    try:
        metadata = {key.decode(): value.decode() for key, value in (table.schema.metadata or {}).items()}
        classes = tuple(parse_json(metadata["classes"]))
        about = metadata["dataset"], metadata["root"], classes
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} is no manifest; make it with `lcr data index`") from error
    if not table.schema.equals(SCHEMA) or not all(isinstance(label, str) for label in classes):
        raise InputError(f"{path} is no manifest; make it with `lcr data index`")
    if not {*table["label"].to_pylist()} <= {*classes, None, ""}:
        raise InputError(f"{path} holds a label that is none of its classes; make it again with `lcr data index`")
    return Manifest(*about, table.replace_schema_metadata(None), metadata.get("key", ""))


def media_root(manifest: Manifest, path: str | Path) -> Path:
    """The folder that the clips' paths start from, for the manifest read from `path`."""
    return Path(path).parent / manifest.root


def reader(dataset: str) -> ModuleType:
    """The module that reads and writes a dataset's annotations, such as `lcr.data.formats.jester`.

    Raises:
        InputError: the dataset is unknown.
    """
    return import_module(f"lcr.data.formats.{dataset_format(dataset)}")


def read_annotations(dataset: str, root: str | Path | None) -> Annotations:
    """The annotations of a dataset below `root`, read in its format.

    Raises:
        InputError: the dataset is unknown, there is no root, or something in it is malformed.
    """
    form = reader(dataset)
    if root is None:
        raise InputError(
            f"{dataset} is real data and needs its folder: --data-root {dataset}=DIR for an `lcr` command, "
            f"--config {dataset}_root=DIR for snakemake; {form.LAYOUT}"
        )
    return form.read(Path(root))


def probe_all(
    paths: Sequence[Path],
    *,
    label: str,
    max_pixels: int = MAX_PIXELS,
    workers: int | None = None,
    progress: bool = True,
) -> list[Probe]:
    """A probe of each clip, in order."""
    work = partial(probe, max_pixels=max_pixels)
    with closing(parallel_map(work, paths, label=label, workers=workers, progress=progress)) as probes:
        return list(probes)


def performers(root: Path) -> dict[str, str]:
    """The performer of each clip by its id, where the root has a performers.csv, as that of synthetic clips has."""
    path = root / PERFORMERS
    if not path.is_file():
        return {}
    return dict(line.rsplit(",", 1) for line in path.read_text(encoding="utf-8").splitlines())


def build_manifest(
    dataset: str,
    root: str | Path | None,
    *,
    stored_root: str | None = None,
    key: str = "",
    max_pixels: int = MAX_PIXELS,
    workers: int | None = None,
    progress: bool = True,
    warn: Callable[[str], None] = lambda text: None,
) -> Manifest:
    """Reads the annotations, then reads and decodes every clip once.

    Args:
        stored_root: the root that the manifest records; the absolute path when None.
        max_pixels: as of `probe`.
        warn: called once with the number of unusable clips, their statuses and the reasons, if there are any.

    Raises:
        InputError: as `read_annotations`, or not a single clip can be used.
    """
    annotations = read_annotations(dataset, root)
    rows = sorted(annotations.rows, key=lambda row: (SPLITS.index(row.split), row.id))
    paths = [Path(root) / row.path for row in rows]
    label = f"indexing {dataset}"
    probes = probe_all(paths, label=label, max_pixels=max_pixels, workers=workers, progress=progress)
    groups = performers(Path(root))
    records = [
        vars(row) | vars(found) | {"group": groups.get(row.id, row.id)} for row, found in zip(rows, probes, strict=True)
    ]
    broken = [record for record in records if record["status"] != "ok"]
    if len(broken) == len(records):
        raise InputError(f"{root}: not one usable clip: {unusable_text(broken, len(records))}")
    if broken:
        warn(f"{root}: {unusable_text(broken, len(records))}")
    table = pa.Table.from_pylist(records, schema=SCHEMA)
    return Manifest(dataset, stored_root or str(Path(root).resolve()), annotations.classes, table, key)
