"""The kill loop: SIGKILL at random moments of every command that writes; the same command again gives the same bytes.

Each moment is drawn (seeded) from the duration of an undisturbed run of the command. Commands run in forked processes,
so that no moment falls into the import of torch. Every other time the whole process group is killed, else the command's
own process alone.
"""

import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

from tests.micro import PROJECT, STUDY

RUN = "results/micro/jester-fixture/full/seed-0"
DATA = ".lcr/data/micro/jester-fixture"
ON_DATA = ("--study", "micro.yaml", "--dataset", "jester-fixture")

# Each stage in the order of the DAG: its command, what it makes, and how many of 30 kills it gets.
STAGES: dict[str, tuple[tuple[str, ...], tuple[str, ...], int]] = {
    "fixture": (("data", "fixture", *ON_DATA), (f"{DATA}/raw",), 3),
    "index": (("data", "index", *ON_DATA), (f"{DATA}/manifest.parquet",), 3),
    "pack": (("data", "pack", *ON_DATA), (f"{DATA}/packed",), 4),
    "train": (("train", *ON_DATA), (f"{RUN}/model.safetensors", f"{RUN}/metrics.jsonl"), 9),
    "evaluate": (("evaluate", *ON_DATA), (f"{RUN}/predictions.parquet", f"{RUN}/run.json"), 4),
    "table": (("table", "temporal", "--study", "micro.yaml"), ("results/micro/temporal.csv",), 4),
    "publish": (("publish", "--study", "micro.yaml", "temporal.csv"), ("results/temporal.csv",), 2),
    "hashes": (("hashes", "--study", "micro.yaml"), ("results/hashes.json",), 1),
}
TIMES = {"seconds", "peak_rss_gb", "train_seconds", "evaluate_seconds", "train_peak_rss_gb", "seal"}


def start(words: tuple[str, ...], folder: Path) -> int:
    """Forks a process that runs one `lcr` command in `folder` as the head of a process group; returns its id."""
    pid = os.fork()
    if pid:
        return pid
    try:
        os.setsid()
        os.chdir(folder)
        log = os.open("command.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(log, 1)
        os.dup2(log, 2)
        sys.argv = ["lcr", *words]
        from lcr.cli import main

        main()
    except SystemExit as exit_:
        os._exit(exit_.code if isinstance(exit_.code, int) else 0)
    finally:
        os._exit(99)


def finish(words: tuple[str, ...], folder: Path) -> float:
    """Runs one command to its end and returns its seconds.

    Raises:
        AssertionError: the command fails.
    """
    began = time.monotonic()
    code = os.waitstatus_to_exitcode(os.waitpid(start(words, folder), 0)[1])
    assert code == 0, f"lcr {' '.join(words)} ended with {code}: {(folder / 'command.log').read_text()[-500:]}"
    return time.monotonic() - began


def kill(words: tuple[str, ...], folder: Path, after: float, group: bool) -> bool:
    """Kills a command `after` seconds; returns whether it was still running."""
    pid = start(words, folder)
    time.sleep(after)
    running = os.waitpid(pid, os.WNOHANG)[0] == 0
    if running:
        (os.killpg if group else os.kill)(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    return running


def _timeless(value: object) -> object:
    if isinstance(value, dict):
        return {name: _timeless(one) for name, one in value.items() if name not in TIMES}
    return value


def content(path: Path) -> dict[str, object]:
    """The bytes of a file, or of each file of a folder; of JSON the values without times, which differ each time."""
    files = sorted(one for one in path.rglob("*") if one.is_file()) if path.is_dir() else [path]
    found: dict[str, object] = {}
    for file in files:
        whole = file.read_bytes()
        if file.name in ("run.json", "metrics.jsonl"):
            lines = [whole] if file.suffix == ".json" else whole.splitlines()
            found[file.name] = [_timeless(json.loads(line)) for line in lines]
        elif file.name == "hashes.json":  # the hashes of files that hold times
            told = json.loads(whole)
            found[file.name] = {name: sorted(told[name]) for name in ("files", "not_kept", "manifests")}
        else:
            found[str(file.relative_to(path.parent))] = whole
    return found


def run(scale: float = 1.0, seed: int = 0) -> dict[str, int | list[str]]:
    """The kill loop with `scale` × 30 kills.

    Returns:
        kills: how many commands were killed while they ran; wrong: what differed or was left behind, in words.
    """
    import lcr.run.evaluate  # noqa: F401 - torch is imported once, before the forks

    generator, wrong, kills = random.Random(seed), [], 0
    wanted = [name for name, (_, _, share) in STAGES.items() for _ in range(share)]
    generator.shuffle(wanted)
    with tempfile.TemporaryDirectory() as scratch:
        whole = Path(scratch, "whole")
        whole.mkdir()
        (whole / "ablations").symlink_to(PROJECT / "ablations")
        (whole / "micro.yaml").write_text(STUDY)
        seconds = {name: finish(words, whole) for name, (words, _, _) in STAGES.items()}
        expected = {made: content(whole / made) for _, outputs, _ in STAGES.values() for made in outputs}
        for number, stage in enumerate(wanted[: max(1, round(30 * scale))]):
            words, outputs, _ = STAGES[stage]
            folder = Path(scratch, f"kill-{number}")
            for _attempt in range(20):  # until the moment falls into the command's run
                shutil.rmtree(folder, ignore_errors=True)
                shutil.copytree(whole, folder, symlinks=True)
                for made in outputs:
                    place = folder / made
                    shutil.rmtree(place) if place.is_dir() else place.unlink()
                if kill(words, folder, generator.uniform(0, seconds[stage]), group=number % 2 == 1):
                    kills += 1
                    break
            finish(words, folder)
            wrong += [
                f"{stage}: {made} differs after a kill" for made in outputs if content(folder / made) != expected[made]
            ]
            shutil.rmtree(folder)
    return {"kills": kills, "wrong": wrong}


if __name__ == "__main__":
    print(run(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0))
