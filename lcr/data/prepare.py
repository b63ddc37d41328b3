"""From a study to its prepared data, in three steps that also are commands: draw (generated data alone), index, pack.

`.lcr/data/<study>/<dataset>/` holds raw/ (generated clips), manifest.parquet and packed/. Each carries the key of what
it was made for (`lcr.config.run.data_key`), so that a stale one is known; each appears whole or not at all.
"""

import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lcr.config.run import Data
from lcr.config.study import DatasetConfig
from lcr.data.manifest import Manifest, build_manifest, media_root, read_manifest
from lcr.data.pack import pack, pack_metadata
from lcr.util.errors import InputError
from lcr.util.locks import run_lock
from lcr.util.parallel import available_cpus

KEY = ".key"  # in raw/: what it was drawn for, and the names of what lies beside it, a line each


def warn(text: str) -> None:
    """Says on stderr what the user should know and what is no error."""
    print(f"warning: {text}", file=sys.stderr, flush=True)


def _holds_something(path: Path) -> bool:
    return any(path.iterdir()) if path.is_dir() else path.is_file()


@dataclass
class Steps:
    """The preparation of one dataset of a study. A step does its work whether or not that is needed; `prepare` asks.

    Attributes:
        data: what is prepared.
        workers: processes; None for one a core.
        progress: show progress bars.
    """

    data: Data
    workers: int | None = None
    progress: bool = True

    def __post_init__(self) -> None:
        self.config: DatasetConfig = self.data.config
        self.folder, self.key = self.data.folder, self.data.key
        self.manifest_path = self.folder / "manifest.parquet"

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Holds the lock of this dataset's data for the block. What a killed process left half done goes."""
        with run_lock(f"data-{self.data.study}-{self.data.dataset}"):
            for left in self.folder.glob(".*.tmp*"):
                shutil.rmtree(left) if left.is_dir() else left.unlink()
            yield

    def fixture_is_fresh(self) -> bool:
        """Whether raw/ is of this configuration and its annotations are still there, and something in its folders."""
        raw = self.folder / "raw"
        if not self.data.synthetic:
            return True
        if not (raw / KEY).is_file():
            return False
        lines = (raw / KEY).read_text().splitlines()
        # a key alone, as older versions wrote it, does not say what should be there
        return lines[:1] == [self.key] and len(lines) > 1 and all(_holds_something(raw / name) for name in lines[1:])

    def fixture(self) -> Path:
        """Draws the clips to raw/.

        Raises:
            InputError: the dataset is a real one, or the study does not say how many clips to draw.
        """
        from lcr.synthetic.dataset import write

        fixture = self.config.fixture
        if not self.data.synthetic or fixture is None:
            raise InputError(f"study '{self.data.study}' has no part 'fixture' for {self.data.dataset}")
        raw = self.folder / "raw"
        write(
            self.data.format,
            raw,
            train=fixture.train,
            validation=fixture.validation,
            classes=fixture.classes,
            seed=fixture.seed,
            workers=self.workers or available_cpus(),
            progress=self.progress,
        )
        names = sorted(path.name for path in raw.iterdir())
        (raw / KEY).write_text("\n".join([self.key, *names]))
        return raw

    def manifest_is_fresh(self) -> bool:
        try:
            return read_manifest(self.manifest_path).key == self.key
        except InputError:
            return False

    def index(self) -> Path:
        """Indexes the clips to manifest.parquet.

        Raises:
            InputError: something in the annotations is malformed, or more clips are unusable than the study allows.
        """
        if self.data.synthetic and not (self.folder / "raw").is_dir():
            raise InputError(f"no clips in {self.folder / 'raw'}; draw them with `lcr data fixture`")
        manifest = build_manifest(
            self.data.dataset,
            self.folder / "raw" if self.data.synthetic else self.config.root,
            stored_root="raw" if self.data.synthetic else None,
            key=self.key,
            workers=self.workers,
            progress=self.progress,
            warn=warn,
        )
        manifest.check_usable(self.config.data.max_unusable_share, str(self.config.root or self.folder / "raw"))
        manifest.write(self.manifest_path)
        return self.manifest_path

    def pack_is_fresh(self, manifest: Manifest) -> bool:
        metadata = pack_metadata(self.folder / "packed")
        return metadata.get("key") == f"{self.key} {manifest.data_hash}"

    def pack(self) -> Path:
        """Packs the usable clips to packed/.

        Raises:
            InputError: there is no manifest, more clips are unusable than the study allows, or one changed since.
        """
        manifest = read_manifest(self.manifest_path)
        manifest.check_usable(self.config.data.max_unusable_share, str(self.manifest_path))
        out = self.folder / "packed"
        key = f"{self.key} {manifest.data_hash}"
        root = media_root(manifest, self.manifest_path)
        options = {"key": key, "workers": self.workers, "progress": self.progress}
        pack(manifest, root, out, self.config.data, self.data.frame_size, **options)
        return out

    def stale(self) -> Callable[[], Path] | None:
        """The first step that must be done, None when the data are ready."""
        if not self.fixture_is_fresh():
            return self.fixture
        if not self.manifest_is_fresh():
            return self.index
        if self.config.data.pack and not self.pack_is_fresh(read_manifest(self.manifest_path)):
            return self.pack
        return None


def prepare(data: Data, *, workers: int | None = None, progress: bool = True) -> Path:
    """The folder with the prepared data of one dataset of a study.

    Whatever is missing or stale is made first, by one process at a time.

    Real clips that change under the same root are not noticed here: `lcr data check` compares, `lcr data index` renews.

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
