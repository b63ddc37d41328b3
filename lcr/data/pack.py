"""All clips of a manifest decoded and resized once, into one flat file that is read without decoding.

packed/frames.bin: uint8, clip after clip, each (frames, 3, height, width). packed/edges.bin: the edge maps, each
(frames, 1, S, S), where no crop and no flip comes after the packing, so that they can be made beforehand.
packed/index.parquet: id, split, offset (bytes into frames.bin), frames, height, width. Its metadata says what the pack
was made from, so that a stale one is never read.
"""

import json
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from lcr.config.study import DataConfig
from lcr.data.decode import read_frames
from lcr.data.manifest import Manifest
from lcr.data.transforms import fitting
from lcr.model.edges import edge_maps
from lcr.util.errors import InputError
from lcr.util.files import folder_aside
from lcr.util.parallel import parallel_map

INDEX = pa.schema(
    [
        ("id", pa.string()),
        ("split", pa.string()),
        ("offset", pa.int64()),
        ("frames", pa.int32()),
        ("height", pa.int32()),
        ("width", pa.int32()),
    ]
)


def caches_edges(data: DataConfig) -> bool:
    """Whether a clip's edge maps can be made before it is drawn: only if no crop and no flip follows."""
    return data.resize == "square" and data.flip == "none"


def made_from(manifest: Manifest, data: DataConfig, size: int) -> dict:
    """All that the content of a pack depends on."""
    side = size if data.resize == "square" else data.short_side
    return {"data_hash": manifest.data_hash, "resize": data.resize, "side": side, "edges": caches_edges(data)}


def _decode(fit: partial, edges: bool, clip: tuple[Path, int]) -> tuple[np.ndarray, np.ndarray | None]:
    path, count = clip
    frames = read_frames(path, np.arange(count), fit)
    return frames, edge_maps(frames) if edges else None


def pack(
    manifest: Manifest,
    root: Path,
    out: Path,
    data: DataConfig,
    size: int,
    *,
    key: str = "",
    workers: int | None = None,
    progress: bool = True,
) -> None:
    """Packs every usable clip of the manifest to the folder `out`, which appears whole or not at all.

    Args:
        root: the folder that the manifest's paths start from.
        size: S, the model's frame size.
        key: kept beside what the pack was made from.

    Raises:
        InputError: a clip cannot be decoded any more, or the disk is full.
    """
    rows = manifest.rows()
    clips = [(root / row["path"], row["frames"]) for row in rows]
    work = partial(_decode, fitting(data, size), caches_edges(data))
    with folder_aside(out) as aside, ExitStack() as files:
        packed = files.enter_context((aside / "frames.bin").open("wb"))
        edges_file = files.enter_context((aside / "edges.bin").open("wb")) if caches_edges(data) else None
        index, offset = [], 0
        label = f"packing {manifest.dataset}"
        with closing(parallel_map(work, clips, label=label, workers=workers, progress=progress)) as decoded:
            for row, (frames, edges) in zip(rows, decoded, strict=True):
                packed.write(frames.data)
                if edges_file is not None:
                    edges_file.write(edges.data)
                count, _, height, width = frames.shape
                index.append([row["id"], row["split"], offset, count, height, width])
                offset += frames.nbytes
        table = pa.Table.from_pylist([dict(zip(INDEX.names, values, strict=True)) for values in index], schema=INDEX)
        metadata = {"made_from": json.dumps(made_from(manifest, data, size)), "key": key}
        pq.write_table(table.replace_schema_metadata(metadata), aside / "index.parquet")


def pack_metadata(folder: Path) -> dict[str, str]:
    """What the pack in `folder` says it was made from, and its key; empty if there is no whole pack."""
    index = folder / "index.parquet"
    if not index.is_file() or not (folder / "frames.bin").is_file():
        return {}
    try:
        metadata = pq.read_schema(index).metadata or {}
    except (pa.ArrowException, OSError):
        return {}
    return {key.decode(): value.decode() for key, value in metadata.items()}


class Pack:
    """A pack opened for reading: memory-mapped, so many processes share one copy.

    Raises:
        InputError: there is no pack in `folder`, it was made from other data, or its files are damaged.
    """

    def __init__(self, folder: Path, manifest: Manifest, data: DataConfig, size: int) -> None:
        metadata = pack_metadata(folder)
        if not metadata:
            raise InputError(f"no packed clips in {folder}; make them with `lcr data pack`")
        if json.loads(metadata.get("made_from", "{}")) != made_from(manifest, data, size):
            raise InputError(f"the packed clips in {folder} are of other data; make them again with `lcr data pack`")
        table = pq.read_table(folder / "index.parquet")
        self.place = {id_: number for number, id_ in enumerate(table["id"].to_pylist())}
        self.offsets, self.frames, self.heights, self.widths = (
            table[name].to_numpy() for name in ("offset", "frames", "height", "width")
        )
        self._size = size
        self._files = (folder / "frames.bin", folder / "edges.bin" if caches_edges(data) else None)
        sizes = self.frames.astype(np.int64) * self.heights * self.widths
        self._check(self._files[0], 3 * int(sizes.sum()))
        if self._files[1] is not None:
            self._check(self._files[1], int(sizes.sum()))
        self._maps: tuple[np.ndarray, np.ndarray | None] | None = None

    @staticmethod
    def _check(file: Path, expected: int) -> None:
        if not file.is_file() or file.stat().st_size != expected:
            raise InputError(f"{file} is damaged; make it again with `lcr data pack`")

    def __getstate__(self) -> dict:
        return self.__dict__ | {"_maps": None}  # a loader's process maps the files anew instead of copying them

    @property
    def maps(self) -> tuple[np.ndarray, np.ndarray | None]:
        """The bytes of frames.bin and, where edges are cached, of edges.bin."""
        if self._maps is None:
            frames, edges = self._files
            self._maps = (np.memmap(frames, np.uint8, "r"), None if edges is None else np.memmap(edges, np.uint8, "r"))
        return self._maps

    def clip(self, id_: str) -> np.ndarray:
        """All frames of a clip, not copied: (frames, 3, height, width) uint8."""
        at = self.place[id_]
        shape = (int(self.frames[at]), 3, int(self.heights[at]), int(self.widths[at]))
        start = int(self.offsets[at])
        return self.maps[0][start : start + int(np.prod(shape))].reshape(shape)

    def gather(self, ids: list[str], numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Frames and cached edge maps of a whole batch of square clips.

        Args:
            numbers: (B, T) frame numbers.

        Returns:
            (B, T, 3, S, S) and (B, T, 1, S, S) uint8.
        """
        pixels = self._size**2
        first = self.offsets[[self.place[id_] for id_ in ids]] // (3 * pixels)
        rows = first[:, None] + numbers
        frames, edges = self.maps
        shape = (*numbers.shape, -1, self._size, self._size)
        return (
            np.take(frames.reshape(-1, 3 * pixels), rows, axis=0).reshape(shape),
            np.take(edges.reshape(-1, pixels), rows, axis=0).reshape(shape),
        )
