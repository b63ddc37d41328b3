"""Preparation of a study's data in three steps, each also a command: draw (synthetic clips alone), index, pack.

`.lcr/data/<study>/<dataset>/` holds raw/ (synthetic clips), manifest.parquet and packed/. Each carries the key of the
configuration it was made for (`lcr.config.run.Data.key`), so that a stale one is known; each appears whole or not at
all.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lcr.config.run import Data
from lcr.data.manifest import build_manifest, media_root, read_manifest
from lcr.data.pack import made_from, pack, packed_from
from lcr.util.errors import InputError
from lcr.util.files import remove_unfinished
from lcr.util.locks import run_lock

KEY = ".key"  # in raw/: the key, and the names of the files and folders beside it, a line each


def warn(text: str) -> None:
    """Prints a warning to stderr."""
    print(f"warning: {text}", file=sys.stderr, flush=True)


@dataclass
class Steps:
    """The preparation of one dataset of a study. A step does its work whether or not that is needed; `prepare` asks.

    Attributes:
        workers: processes; None for one a core.
        progress: show progress bars.
    """

    data: Data
    workers: int | None = None
    progress: bool = True

    def __post_init__(self) -> None:
        self.folder, self.config = self.data.folder, self.data.config
        self.raw, self.packed = self.folder / "raw", self.folder / "packed"
        self.manifest_path = self.folder / "manifest.parquet"
        self._options = {"workers": self.workers, "progress": self.progress}

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Holds the lock of this dataset's data for the block; first removes the half-done work of a killed process."""
        with run_lock(f"data-{self.data.study}-{self.data.dataset}"):
            remove_unfinished(self.folder)
            yield

    def fixture(self) -> Path:
        """Draws the synthetic clips to raw/.

        Raises:
            InputError: the dataset is a real one, or the study does not say how many clips to draw.
        """
        from lcr.synthetic.dataset import write

        fixture = self.config.fixture
        if not self.data.synthetic or fixture is None:
            raise InputError(f"study '{self.data.study}' has no part 'fixture' for {self.data.dataset}")
        write(self.data.format, self.raw, **fixture.model_dump(), **self._options)
        (self.raw / KEY).write_text("\n".join([self.data.key, *sorted(path.name for path in self.raw.iterdir())]))
        return self.raw

    def index(self) -> Path:
        """Indexes the clips to manifest.parquet.

        Raises:
            InputError: something in the annotations is malformed, or more clips are unusable than the study allows.
        """
        root, stored = (self.raw, "raw") if self.data.synthetic else (self.config.root, None)
        if self.data.synthetic and not self.raw.is_dir():
            raise InputError(f"no clips in {self.raw}; draw them with `lcr data fixture`")
        given = {"stored_root": stored, "key": self.data.key, "max_pixels": self.config.data.max_pixels}
        manifest = build_manifest(self.data.dataset, root, warn=warn, **given, **self._options)
        manifest.check_usable(self.config.data.max_unusable_share, str(root))
        manifest.write(self.manifest_path)
        return self.manifest_path

    def pack(self) -> Path:
        """Packs the usable clips to packed/.

        Raises:
            InputError: there is no manifest, more clips are unusable than the study allows, or one changed since.
        """
        manifest = read_manifest(self.manifest_path)
        manifest.check_usable(self.config.data.max_unusable_share, str(self.manifest_path))
        root = media_root(manifest, self.manifest_path)
        pack(manifest, root, self.packed, self.config.data, self.data.frame_size, **self._options)
        return self.packed

    def stale(self) -> Callable[[], Path] | None:
        """The first step that must be done, None when the data are ready."""
        if self.data.synthetic:
            # the key is written last, and followed by the names: annotations must still be there, folders not empty
            stamp = (self.raw / KEY).read_text().splitlines() if (self.raw / KEY).is_file() else []
            there = [(self.raw / name).is_file() or any((self.raw / name).glob("*")) for name in stamp[1:]]
            if stamp[:1] != [self.data.key] or not there or not all(there):
                return self.fixture
        try:
            manifest = read_manifest(self.manifest_path)
        except InputError:
            return self.index
        if manifest.key != self.data.key:
            return self.index
        made = made_from(manifest, self.config.data, self.data.frame_size)
        return self.pack if self.config.data.pack and packed_from(self.packed) != made else None


def prepare(data: Data, *, workers: int | None = None, progress: bool = True) -> Path:
    """The folder with the prepared data of one dataset of a study.

    Missing or stale parts are made first, by one process at a time. Real clips that change under the same root are not
    noticed here: `lcr data check` compares, `lcr data index` renews.

    Args:
        workers: processes; None for one a core.

    Raises:
        InputError: real data have no root, or something in them is wrong.
    """
    steps = Steps(data, workers, progress)
    if steps.stale() is not None:
        with steps.alone():
            while (step := steps.stale()) is not None:
                step()
    return steps.folder
