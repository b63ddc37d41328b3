"""Answers for the Snakefile: the chosen study, its runs, and the keys of their outputs. Free of torch.

Snakemake notices a changed key by its own records in `.snakemake`. A clone, or a user who cleans up, has none, and then
only file times count. So each key also stands in a small file, a *stamp*, which is an input of the rule and is written
only when its content changes: its mtime is the time when this key became current. A stamp that is missing beside a
result made with this very key is dated back, so that nothing is redone. Each published file has a stamp that is written
again when this file in results/ is not the study's, which makes `--config study=…` republish in every case.
"""

import json
import os
import shlex
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from lcr.config.datasets import FORMATS, dataset_format
from lcr.config.files import real_folder
from lcr.config.keys import recorded_key
from lcr.config.load import load_study
from lcr.config.record import NAME, RunRecord
from lcr.config.run import WORK, Data, Run, all_runs, runs_of
from lcr.config.study import DatasetConfig, StudyConfig
from lcr.config.study_keys import cost_key, diagnosis_key, table_key
from lcr.config.variant import FULL
from lcr.evidence.published import HASHES, files_of, published
from lcr.report.notebooks import EVERY, notebooks_of
from lcr.study.tables import registry
from lcr.util.errors import InputError, LCRError, unknown
from lcr.util.files import make_folder

RESULTS = "results"
STAMPS = WORK / "stamps"
DIAGNOSIS = registry.made_by("readings diagnose")
LEDGER = registry.TABLES["claims"].needs
CONFIG_KEYS = ("study", "methods", *(f"{name}_root" for name in FORMATS))
ANNOTATIONS = {"jester": ("*.csv",), "something": ("*.json",), "kinetics": ("*.csv", "annotations/*.csv")}
HOW_TO_GET = {
    "jester": "20bn-jester-v1/ and its CSV files, from Qualcomm's dataset pages after signing up",
    "something": "20bn-something-something-v2/ and its JSON files, from Qualcomm's dataset pages after signing up",
    "kinetics": "the Kinetics-400 mp4 files and their CSV files, from the CVD Foundation's mirror",
}

P = ParamSpec("P")
R = TypeVar("R")


def one_line_errors(function: Callable[P, R]) -> Callable[P, R]:
    """`function`, with an error of ours printed as one line before the process exits: Snakemake would frame it."""

    @wraps(function)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except (LCRError, OSError) as error:
            print(f"error: {error}", file=sys.stderr)
            sys.exit(error.exit_code if isinstance(error, LCRError) else InputError.exit_code)

    return wrapped


@dataclass(frozen=True)
class Options:
    """The part of every `lcr` command line that says which study, project and real data.

    Not a str: Snakemake records str params and would train again after the project is moved. The keys hold what counts.
    """

    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Choice:
    """A study and what its rules need; all paths are relative to the working directory.

    given: the study as it was named: a name, or the path of its file.
    published_as: one line that says what the published files belong to: the study as named, and its roots.
    """

    study: StudyConfig
    options: Options
    given: str
    published_as: str

    @cached_property
    def runs(self) -> list[Run]:
        """All runs of the study's own variants."""
        return runs_of(self.study, RESULTS)

    @cached_property
    def all_runs(self) -> list[Run]:
        """Every run of the study, those of its alternative readings among them."""
        return all_runs(self.study, RESULTS)

    @property
    def tables(self) -> list[str]:
        """The tables of the study that `lcr table` makes."""
        return [name for name in registry.tables_of(self.study) if not registry.TABLES[name].command]

    @property
    def notebooks(self) -> list[str]:
        """The notebooks of the study."""
        return [*notebooks_of(self.study)]

    @property
    def published(self) -> tuple[str, ...]:
        """The published files of the study; with hashes.json those of a whole study, without it those of another."""
        return files_of(self.study)

    @property
    def arms(self) -> list[str]:
        """The names of all that is trained."""
        return [arm.name for arm in self.study.arms]

    # Functions of wildcards: the rules' inputs and params.

    @cached_property
    def _by_name(self) -> dict[tuple[str, str, int], Run]:
        """The study's runs, whose keys are computed once: a multiverse has hundreds."""
        return {(run.dataset, run.variant.name, run.seed): run for run in self.all_runs}

    def _run(self, wildcards: Any) -> Run:
        arm, seed = wildcards.variant, int(wildcards.seed)
        if (known := self._by_name.get((wildcards.dataset, arm, seed))) is not None:
            return known
        variant = self.study.variant(arm)
        return Run(study=self.study, dataset=wildcards.dataset, variant=variant, seed=seed, results=Path(RESULTS))

    def data_key(self, wildcards: Any) -> str:
        return Data.of(self.study, wildcards.dataset).key

    def train_key(self, wildcards: Any) -> str:
        return self._run(wildcards).train_key

    def evaluate_key(self, wildcards: Any) -> str:
        return self._run(wildcards).evaluate_key

    @property
    def gpus(self) -> int | None:
        """GPUs that a model job requests; None requests none (0 is a request to a Kubernetes cluster)."""
        return 1 if self.study.device == "cuda" else None

    def threads(self, wildcards: Any) -> int:
        """The cores of a training or an evaluation: torch's threads, or the processes that load clips, if more.

        Packed clips are loaded by no other process.
        """
        data = self.study.dataset(wildcards.dataset).data
        return max(self.study.threads, 0 if data.pack else data.workers)

    @cached_property
    def table_key(self) -> str:
        return table_key(self.study)

    @cached_property
    def cost_key(self) -> str:
        return cost_key(self.study)

    @cached_property
    def diagnosis_key(self) -> str:
        return diagnosis_key(self.study)

    @one_line_errors
    def annotations(self, wildcards: Any) -> list[str]:
        """The inputs of a manifest: the synthetic clips, or the annotation files of real ones.

        Raises:
            InputError: the clips are real and no root is known; says how to get them.
        """
        config = self.study.dataset(wildcards.dataset)
        if config.fixture is not None:
            return [f"{Data.of(self.study, wildcards.dataset).folder}/raw"]
        if config.root is None:
            raise self._missing_roots()
        patterns = ANNOTATIONS[dataset_format(wildcards.dataset)]
        return sorted(str(file) for pattern in patterns for file in Path(config.root).glob(pattern))

    def _missing_roots(self) -> InputError:
        missing = [name for name, config in self.study.datasets.items() if _without_clips(config)]
        give = "; ".join(f"{name}_root=DIR ({HOW_TO_GET[dataset_format(name)]})" for name in missing)
        notes = "".join(f". {note}" for note in self.notes(missing))
        return InputError(
            f"study '{self.study.name}' is on real clips that are not here; give --config {give}. "
            f"results/table2.csv needs those of {self.study.table2} alone{notes}"
        )

    def notes(self, datasets: Iterable[str]) -> list[str]:
        """The study's notes on these datasets."""
        return [f"{name}: {note}" for name in datasets if (note := self.study.datasets[name].note)]

    def prepared(self, wildcards: Any) -> list[str]:
        """The files that training reads: the manifest, and the packed clips where the study packs them."""
        return self._prepared(wildcards.dataset)

    def _prepared(self, dataset: str) -> list[str]:
        data = Data.of(self.study, dataset)
        packed = ["packed/index.parquet"] if data.config.data.pack else []
        return [f"{data.folder}/{name}" for name in ("manifest.parquet", *packed)]

    def evaluated(self, wildcards: Any) -> list[str]:
        """The files that a table reads: of table2 the runs on the paper's dataset, of readings their own, else all."""
        table = registry.TABLES[wildcards.table]
        runs = registry.runs_of_table(table, self.study, RESULTS)
        files = ("run.json", "predictions.parquet", "temporal.parquet")
        beside = (f"{RESULTS}/{self.study.name}/{name}.csv" for name in table.needs)
        return [*(f"{run.folder}/{file}" for run in runs for file in files), *beside]

    def manifests(self, wildcards: Any) -> list[str]:
        """The manifests of the real clips that there are: they say how many classes a model has."""
        real = [name for name, config in self.study.datasets.items() if config.root is not None]
        return [f"{Data.of(self.study, name).folder}/manifest.parquet" for name in real]

    def diagnosed(self, wildcards: Any) -> list[str]:
        """The prepared data of the dataset that the readings are compared on."""
        return self._prepared(self.study.readings_dataset)

    def shown(self, wildcards: Any) -> list[str]:
        """The files that a notebook reads: tables, and files of runs.

        The prepared clips are no part of the results: edge_prompt prepares them again where they are gone.
        """
        notebook = EVERY[wildcards.notebook]
        tables = [f"{RESULTS}/{self.study.name}/{table}.csv" for table in notebook.tables]
        runs = [run for run in self.runs if run.variant.name == FULL or not notebook.full_only]
        return [*tables, *(f"{run.folder}/{file}" for run in runs for file in notebook.run_files)]

    def publishes(self, wildcards: Any) -> list[str]:
        """The study's files that a published file is made of: all, for hashes.json."""
        names = [name for name in self.published if wildcards.published in (name, HASHES) and name != HASHES]
        return [f"{RESULTS}/{self.study.name}/{name}" for name in names]

    # Stamps.

    @property
    def stamps(self) -> Path:
        return STAMPS / self.study.name

    def write_stamps(self) -> None:
        """Brings all stamps up to date. A dry run does so too: it is to show what a run would redo."""
        make_folder(WORK)
        make_folder(RESULTS)
        study, made_with = self.study, set()
        for run in self.all_runs:
            place = self.stamps / run.folder.relative_to(Path(RESULTS, study.name))
            record = _recorded(run.folder)
            trained = record is not None and record.train_key == run.train_key
            _stamp(place / "train", run.train_key, trained)
            _stamp(place / "evaluate", run.evaluate_key, record is not None and record.evaluate_key == run.evaluate_key)
            if trained:
                made_with.add(run.dataset)
        for dataset in study.datasets:
            _stamp(self.stamps / dataset / "data", Data.of(study, dataset).key, dataset in made_with)
        keys = {"cost": self.cost_key, "reading_diagnosis": self.diagnosis_key}
        for made, key in keys.items():
            _stamp(self.stamps / made, key, recorded_key(f"{RESULTS}/{study.name}/{made}.json") == key)
        _stamp(self.stamps / "tables", self.table_key, False)
        there = published(Path(RESULTS, study.name), self.published)
        for name in self.published:
            stamp = self.stamps / "published" / name
            known = stamp.read_text(encoding="utf-8") if stamp.is_file() else ""
            if known.partition("\n")[0] != self.published_as or name not in there:
                _stamp(stamp, f"{self.published_as}\n{time.time_ns()}", False)


def _without_clips(config: DatasetConfig) -> bool:
    return config.fixture is None and config.root is None


def _recorded(folder: Path) -> RunRecord | None:
    """The record of finished results; None when there are none, or when newer weights lie beside them."""
    try:
        if (folder / NAME).stat().st_mtime_ns < (folder / "model.safetensors").stat().st_mtime_ns:
            return None
        return RunRecord.read(folder)
    except (OSError, InputError):
        return None


def _stamp(path: Path, content: str, made_with: bool) -> None:
    """Writes `content` unless it stands there; `made_with`: what the stamp guards was made with this content."""
    if path.is_file() and path.read_text(encoding="utf-8") == content:
        return
    make_folder(path.parent)
    path.write_text(content, encoding="utf-8")
    if made_with:
        os.utime(path, (0, 0))


@one_line_errors
def choose(config: Mapping[str, Any], project: str | Path) -> Choice:
    """The study that `snakemake --config …` names, checked; its stamps are brought up to date.

    Args:
        config: study (a name or a path; default tiny) and `<dataset>_root` for folders of real clips.
        project: the folder that holds `ablations/`.

    Raises:
        SystemExit: with one line on stderr, where the configuration is wrong.
    """
    for key in config:
        if key not in CONFIG_KEYS:
            raise unknown("key after --config", key, CONFIG_KEYS)
    given_roots = {name: str(config[key]) for name in FORMATS if (key := f"{name}_root") in config}
    roots = {name: real_folder(folder, f"--config {name}_root={folder}") for name, folder in given_roots.items()}
    for path in (*roots.values(), os.path.relpath(project)):
        if "{" in path:
            raise InputError(
                f"{path}: Snakemake takes a name in braces for a wildcard; rename the folder, or link to it"
            )
    name = "+".join([str(config.get("study", "tiny")), *map(str, filter(None, [config.get("methods")]))])
    study = load_study(name, roots=dict(roots), root=project)
    given = [option for dataset, folder in roots.items() for option in ("--data-root", f"{dataset}={folder}")]
    options = Options(shlex.join(["--study", name, "--root", str(project), *given]))
    choice = Choice(study, options, given=name, published_as=json.dumps([name, *given]))
    for note in choice.notes(roots):
        print(f"note: {note}", file=sys.stderr)
    choice.write_stamps()
    return choice
