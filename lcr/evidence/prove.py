"""The proof that an edit changes no bit: two versions of the package run the same small study on this machine.

Every arm is trained from its start to the last steps of its schedule and evaluated, by both versions, on each dataset's
format, synthetic and through the readers of real data. One arm of each gate is also killed and resumed, and one
dataset's clips are cropped and flipped. Weights, predictions and metrics are compared to the bit. An equal result
vouches for sources only if every statement that the edit changed was executed. Proved equalities are recorded in
lcr/config/proved.json, which keys read.
"""

import ast
import json
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.parquet as pq
import yaml
from safetensors.torch import load_file

from lcr.config.datasets import dataset_format, is_synthetic
from lcr.config.keys import PACKAGE, PROVED, Environment, digest, files_of, hash_of, shape_of, silenced, source_digest
from lcr.config.load import load_study
from lcr.config.run import Data, Run
from lcr.config.study import StudyConfig
from lcr.util.errors import InputError, Mismatch, unknown
from lcr.util.files import atomic_write
from lcr.util.progress import counting_bar
from lcr.util.provenance import commit_id, git_state
from lcr.wkv import library

STUDY = "proof.yaml"
CLIPS = {"train": 4, "validation": 2}  # of each class: two dozen steps, of which the metrics have three lines
RESUMED = ("full", "lstm_gate", "kv-source.additive")  # one arm of each gate, and one that runs the operator
RESUMED_EARLIER = "no_tube_mask"  # by the earlier version, so that it runs its own statements of a resumption
CROPPED = {"resize": "short_side", "short_side": 56, "flip": "swap"}  # clips that are cropped and flipped at loading
COMMAND = (
    'from lcr.cli import main\n\nif __name__ == "__main__":  # loading processes import this file again\n    main()\n'
)


class Version(NamedTuple):
    """A checkout, and the folder that its runs work in."""

    tree: Path
    work: Path

    def run(self, *words: str, trace: bool = False) -> None:
        """Runs one `lcr` command of this version.

        Raises:
            Mismatch: it fails; its last line is told.
        """
        done = subprocess.run(
            self._command(words, trace), cwd=self.work, env=self._environment(), capture_output=True, text=True
        )
        if done.returncode:
            last = (done.stderr.strip() or "no message").splitlines()[-1]
            raise Mismatch(f"{self.tree}: lcr {' '.join(words)} failed: {last}")

    def run_until_checkpoint(self, *words: str) -> None:
        """Starts one `lcr` command and kills it as soon as there is a checkpoint more."""
        before, quiet = set(self.checkpoints()), {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        with subprocess.Popen(self._command(words, False), cwd=self.work, env=self._environment(), **quiet) as process:
            while process.poll() is None and before.issuperset(self.checkpoints()):
                time.sleep(0.005)
            process.kill()

    def checkpoints(self) -> Iterator[Path]:
        return (self.work / ".lcr" / "checkpoints").glob("*/checkpoint.safetensors")

    def ask(self, *words: str) -> Any:
        """The JSON that one `lcr` command of this version prints; None if this version has no such command."""
        done = subprocess.run(
            self._command(words, False), cwd=self.work, env=self._environment(), capture_output=True, text=True
        )
        return json.loads(done.stdout) if done.returncode == 0 else None

    def options(self, dataset: str, variant: str | None = None) -> list[str]:
        """The options of an `lcr` command that name a dataset of the proof's study, and an arm."""
        options = ["--study", STUDY, "--root", str(self.tree), "--dataset", dataset]
        if not is_synthetic(dataset):  # the synthetic clips once more, through the reader of real ones
            options += ["--data-root", str(self.work / ".lcr/data/proof" / f"{dataset}-fixture" / "raw")]
        return options if variant is None else [*options, "--ablation", variant]

    def _command(self, words: Iterable[str], trace: bool) -> list[str]:
        traced = ["-m", "coverage", "run", "--parallel-mode", f"--include={self.tree}/lcr/*"] if trace else []
        script = self.work / "command.py"
        script.write_text(COMMAND, encoding="utf-8")
        return [sys.executable, *traced, str(script), *words]

    def _environment(self) -> dict[str, str]:
        return os.environ | {"PYTHONPATH": str(self.tree), "OMP_NUM_THREADS": "1", "COVERAGE_FILE": ".coverage"}


class Arm(NamedTuple):
    """A variant or reading on one dataset of the proof's study."""

    dataset: str
    variant: str

    @property
    def place(self) -> Path:
        return Path("results", "proof", self.dataset, self.variant, "seed-0")


@dataclass
class Proof:
    """The outcome of a proof.

    differ: arms whose bits differ. unseen: changed statements that no arm executed, as FILE:LINE. recorded: how many
    digests of sources were recorded as equal to earlier ones. note: why nothing was recorded, if that needs a reason.
    """

    arms: list[Arm]
    differ: list[str] = field(default_factory=list)
    unseen: list[str] = field(default_factory=list)
    recorded: int = 0
    note: str = ""

    @property
    def holds(self) -> bool:
        return not self.differ and not self.unseen


def proof_study(root: str | Path | None = None) -> dict[str, Any]:
    """The study smoke, which has all formats, with every reading and one seed, as the content of a YAML file."""
    smoke = load_study("smoke", root=root)
    content = smoke.model_dump(mode="json", exclude_none=True) | {"name": "proof", "seeds": [0]}
    content["readings"] = {"dataset": smoke.table2, "seeds": [0]}
    for dataset in content["datasets"].values():
        dataset["fixture"] |= CLIPS
        dataset["train"]["checkpoint_seconds"] = 0.001
    for name in [name for name in content["datasets"] if name != smoke.table2][:1]:
        content["datasets"][name]["data"] |= CROPPED
    return content


def arms_of(study: StudyConfig) -> list[Arm]:
    """Every variant and trained reading on the dataset of table2, and `full` on every other, synthetic and as real."""
    first = [Arm(study.table2, one.name) for one in study.arms]
    others = [Arm(name, "full") for name in study.datasets if name != study.table2]
    return [*first, *others, *(Arm(dataset_format(name), "full") for name in study.datasets)]


def prove(
    tree: Path,
    earlier: Path,
    work: Path,
    *,
    only: Collection[str] = (),
    about: Mapping[str, Any] | None = None,
) -> Proof:
    """Runs every arm by the version in `tree` and by the one in `earlier`, and compares them.

    Args:
        tree: this version's checkout. earlier: the other version's.
        work: an empty folder.
        only: names of variants; all arms if empty. With some, nothing is recorded.
        about: commit, date and machine, recorded beside what is proved.

    Raises:
        Mismatch: a command of either version fails.
    """
    new, old = (Version(place, work / name) for place, name in ((tree, "new"), (earlier, "old")))
    for version in (new, old):
        version.work.mkdir(parents=True)
        (version.work / STUDY).write_text(yaml.safe_dump(proof_study(tree), sort_keys=False), encoding="utf-8")
    study = load_study(new.work / STUDY, root=tree)
    known = {arm.variant for arm in arms_of(study)}
    for name in only:
        if name not in known:
            raise unknown("arm", name, known)
    proof = Proof([arm for arm in arms_of(study) if not only or arm.variant in only])
    data = [
        (version, step, dataset)
        for version in (new, old)
        for dataset in dict.fromkeys([*study.datasets, *(arm.dataset for arm in proof.arms)])
        for step in ("fixture", "index", "pack")[not is_synthetic(dataset) :]
    ]
    resumed = [
        (version, arm)
        for arm in proof.arms
        for version, variants in ((new, RESUMED), (old, (RESUMED_EARLIER,)))
        if arm.variant in variants and is_synthetic(arm.dataset)
    ]
    with counting_bar(len(data) + len(resumed) + 2 * len(proof.arms), "proving") as advance:
        for version, step, dataset in data:
            advance(f"{version.work.name}: {step} {dataset}")
            version.run("data", step, *version.options(dataset), "--workers", "1", trace=True)
        for version, arm in resumed:  # before any other training, whose checkpoint would count
            advance(f"{version.work.name}: killing {arm.dataset} {arm.variant}")
            version.run_until_checkpoint("train", *version.options(*arm))

        def one(arm: Arm) -> str | None:
            for version in (new, old):
                advance(f"{version.work.name}: {arm.dataset} {arm.variant}")
                again = ("train",) if (version, arm) in resumed else ()  # finds the run trained already
                for command in ("train", *again, "evaluate"):
                    version.run(command, *version.options(*arm), trace=True)
            return _difference(new.work / arm.place, old.work / arm.place)

        with ThreadPoolExecutor(os.cpu_count()) as pool:
            found = list(pool.map(one, proof.arms))
    proof.differ = [f"{arm.dataset}/{arm.variant}: {what}" for arm, what in zip(proof.arms, found, strict=True) if what]
    mine, theirs = (
        version.ask("keys", "list", "--study", STUDY, "--root", str(version.tree)) for version in (new, old)
    )
    proof.unseen = _unseen(new, old, mine["files"])
    if theirs is None:
        proof.note = "the earlier version has no keys by component, so nothing is recorded"
        return proof
    proof.unseen += _unseen(old, new, theirs["files"])
    if proof.holds and not only:
        proof.recorded = _record(mine, theirs, dict(about or {}))
    return proof


def _difference(one: Path, other: Path) -> str | None:
    """In words, the first file of a run that differs in its numbers; None where all are equal."""
    mine, theirs = (load_file(folder / "model.safetensors") for folder in (one, other))
    if mine.keys() != theirs.keys():
        return "the weights have other names"
    for name, tensor in mine.items():
        if tensor.numpy().tobytes() != theirs[name].numpy().tobytes():
            return f"the weights differ in {name}"
    for name in ("predictions", "temporal"):
        tables = [pq.read_table(folder / f"{name}.parquet").replace_schema_metadata(None) for folder in (one, other)]
        if not tables[0].equals(tables[1]):
            return f"{name}.parquet differs"
    logs = [(folder / "metrics.jsonl").read_text(encoding="utf-8").splitlines()[:-1] for folder in (one, other)]
    lines = [list(map(json.loads, log)) for log in logs]
    return None if lines[0] == lines[1] else "metrics.jsonl differs"


def statements(path: Path) -> Iterator[tuple[str, int]]:
    """The meaning and the line of every statement whose execution can change a number; of a compound one its head."""
    tree = silenced(path)
    for node in ast.walk(tree):
        if not isinstance(node, ast.stmt) or isinstance(node, ast.Import | ast.ImportFrom | ast.Raise | ast.Pass):
            continue
        head = {name: [] for name in ("body", "orelse", "finalbody", "handlers") if hasattr(node, name)}
        fields = {name: value for name, value in ast.iter_fields(node) if name not in head}
        yield hash_of(shape_of(type(node)(**fields, **head))), node.lineno


def _unseen(version: Version, other: Version, files: Iterable[str]) -> list[str]:
    """Statements of the vouched files that only this version has and that its runs did not execute."""
    import coverage

    traced = coverage.Coverage(data_file=str(version.work / ".coverage"))
    traced.combine([str(version.work)])
    executed = traced.get_data()
    known = {shape for path in (other.tree / "lcr").rglob("*.py") for shape, _ in statements(path)}
    found = []
    for path in (version.tree / "lcr" / name for name in files if name.endswith(".py")):
        lines = set(executed.lines(str(path)) or ())
        missed = (line for shape, line in statements(path) if shape not in known and line not in lines)
        found += [f"{path.relative_to(version.tree)}:{line}" for line in sorted(set(missed))]
    return found


# Sources that a proof covers, and its record.


def vouched(study: StudyConfig) -> dict[str, tuple[str, ...]]:
    """The components of everything that a proof vouches for: data, training and evaluation of each arm and dataset."""
    real = {
        dataset_format(name): config.model_copy(update={"fixture": None, "root": "raw"})
        for name, config in study.datasets.items()
    }
    both = study.model_copy(update={"datasets": {**study.datasets, **real}})
    found = {}
    for dataset in both.datasets:
        found[f"{dataset}/data"] = Data.of(both, dataset).components
        for variant in study.arms:
            run = Run(study=both, dataset=dataset, variant=variant, seed=0)
            train = run.components(run.environment)
            found |= {
                f"{dataset}/{variant.name}/train": train,
                f"{dataset}/{variant.name}/evaluate": (*train, "evaluate"),
            }
    return found


def told_sources(study: StudyConfig) -> dict[str, Any]:
    """The output of `lcr keys list`: digests of the sources behind all that a proof vouches for."""
    parts = vouched(study)
    return {
        "sources": {name: source_digest(components) for name, components in parts.items()},
        "proved": {name: digest(components) for name, components in parts.items()},
        "files": [path.relative_to(PACKAGE).as_posix() for path in files_of(chain.from_iterable(parts.values()))],
    }


def _record(new: dict[str, Any], old: dict[str, Any], about: dict[str, Any]) -> int:
    """Records in proved.json that this version's sources equal the earlier ones; returns how many digests are new."""
    content = json.loads(PROVED.read_text(encoding="utf-8")) if PROVED.is_file() else {"equal": {}, "proofs": []}
    equal = {
        new["sources"][name]: old["proved"][name]
        for name in new["sources"].keys() & old["proved"].keys()
        if new["proved"][name] != old["proved"][name]
    }
    if equal:
        content["equal"] |= equal
        content["proofs"].append(about)
        with atomic_write(PROVED) as aside:
            aside.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return len(equal)


def checkout(repository: Path, commit: str, folder: Path) -> Path:
    """Unpacks a commit of `repository` to `folder`, builds its native kernel if this version's is built; its path.

    Raises:
        InputError: there is no such commit.
    """
    name = commit_id(commit)
    if name is None:
        raise InputError(f"--commit {commit}: {repository} has no such commit")
    folder.mkdir(parents=True)
    archive = subprocess.run(["git", "archive", name], cwd=repository, capture_output=True, check=True)
    subprocess.run(["tar", "-x", "-C", str(folder)], input=archive.stdout, check=True)
    if library.find()[0] is not None:
        build = [sys.executable, "setup.py", "-q", "build_ext", "--inplace"]
        subprocess.run(build, cwd=folder, capture_output=True, check=True)
    return folder


def snapshot(folder: Path) -> Path:
    """Copies this version's sources to `folder`, so that they may be edited while a proof runs; returns its path."""
    for name in ("lcr", "ablations"):
        shutil.copytree(PACKAGE.parent / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def about_this_machine(commit: str) -> dict[str, Any]:
    """The circumstances recorded beside a proof: both versions, the machine, and its libraries."""
    here = Environment.here("cpu", width=24)
    return {
        "from": commit_id(commit),
        "to": git_state(),
        "date": date.today().isoformat(),
        "machine": platform.platform(),
        "instructions": next(reversed(library.instruction_sets()), None),
        "versions": here.versions,
        "backend": here.backend,
    }
