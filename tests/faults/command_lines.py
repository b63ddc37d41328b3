"""Wrong command lines, each to be refused with exit code 2 and one message on stderr.

One message is one line that begins with `error: ` (`Error: `, where an option lacks its value), or the usage block that
typer prints where an option, a value or a command is none that it knows. A traceback, another exit code, more lines or
a file left behind is a failure, and so is a call that has not ended after `SECONDS`. Calls run in this process, in a
folder of hostile files.
"""

import contextlib
import io
import os
import shlex
import signal
import sys
import tempfile
from pathlib import Path
from types import FrameType
from unittest import mock

import yaml

from lcr import cli
from tests.micro import STUDY

SECONDS = 60  # far above any refusal, so that a busy machine fails none

BOMB = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 40))
LIST_BOMB = "- &a0 [x, x]\n" + "".join(f"- &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 40))
MERGE_BOMB = "a0: &a0 {x: 1}\n" + "".join(f"a{n}: &a{n}\n  <<: [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 40))

# Studies that are wrong in one place: file name -> dotted key and value (`*` is the one dataset).
STUDIES = {
    "table2.yaml": ("name", "table2.csv"),
    "hashes.yaml": ("name", "hashes.json"),
    "page.yaml": ("name", "README.MD"),
    "reference.yaml": ("name", "Reference"),
    "figures.yaml": ("name", "figures"),
    "notebooks.yaml": ("name", "notebooks"),
    "bench.yaml": ("name", "bench"),
    "long.yaml": ("name", "n" * 300),
    "long-letters.yaml": ("name", "é" * 60),
    "hidden.yaml": ("name", ".hidden"),
    "above.yaml": ("name", ".."),
    "slash.yaml": ("name", "a/b"),
    "space.yaml": ("name", "a b"),
    "shell.yaml": ("name", "$(touch x)"),
    "line.yaml": ("name", "a\nb"),
    "number.yaml": ("name", 7),
    "empty.yaml": ("name", ""),
    "no-seeds.yaml": ("seeds", []),
    "twice.yaml": ("seeds", [0, 0]),
    "negative.yaml": ("seeds", [-1]),
    "huge-seed.yaml": ("seeds", [10**30]),
    "word-seed.yaml": ("seeds", ["x"]),
    "no-full.yaml": ("variants", ["lstm_gate"]),
    "no-variant.yaml": ("variants", ["full", "nosuch"]),
    "file-variant.yaml": ("variants", ["full", "gone.yaml"]),
    "no-dataset.yaml": ("datasets", {}),
    "word-dataset.yaml": ("datasets", "jester"),
    "strange-dataset.yaml": ("datasets.imagenet", {"model": "lcr-tiny"}),
    "no-table2.yaml": ("table2", "kinetics"),
    "many-threads.yaml": ("threads", 10**9),
    "no-threads.yaml": ("threads", 0),
    "device.yaml": ("device", "tpu"),
    "no-model.yaml": ("*.model", "lcr-huge"),
    "many-frames.yaml": ("*.data.frames", 10**12),
    "no-frames.yaml": ("*.data.frames", 0),
    "half-frames.yaml": ("*.data.frames", 1.5),
    "many-workers.yaml": ("*.data.workers", 10**9),
    "many-pixels.yaml": ("*.data.max_pixels", 10**12),
    "share.yaml": ("*.data.max_unusable_share", 2),
    "side.yaml": ("*.data.short_side", 10**9),
    "resize.yaml": ("*.data.resize", "round"),
    "many-clips.yaml": ("*.fixture.train", 99999999999),
    "no-clips.yaml": ("*.fixture.validation", 0),
    "classes.yaml": ("*.fixture.classes", ["Swiping Left", "Swiping Left"]),
    "many-epochs.yaml": ("*.train.epochs", 10**15),
    "large-batch.yaml": ("*.train.batch_size", 10**15),
    "nan.yaml": ("*.train.learning_rate", float("nan")),
    "inf.yaml": ("*.train.learning_rate", float("inf")),
    "crops.yaml": ("*.protocol.crops", 2),
    "views.yaml": ("*.protocol.clips", 10**9),
    "rule.yaml": ("*.protocol.rule", "best"),
    "root.yaml": ("*.root", "somewhere"),
    "misspelt.yaml": ("*.epochs", 3),
    "line-key.yaml": ("*.a\nb", 3),
    "escape-key.yaml": ("*.\x1b[2J", 3),
}
# Files that are no study: their bytes.
FILES = {
    "bomb.yaml": BOMB.encode(),
    "list-bomb.yaml": LIST_BOMB.encode(),
    "merge-bomb.yaml": MERGE_BOMB.encode(),
    "itself.yaml": b"a: &a [*a]\n",
    "large.yaml": b"# " + b"x" * 2**20,
    "brackets.yaml": b"[" * 5000,
    "object.yaml": b"!!python/object/apply:os.system ['touch x']\n",
    "digits.yaml": STUDY.replace("seeds: [0]", f"seeds: [{'9' * 5000}]").encode(),
    "date.yaml": STUDY.replace("name: micro", "name: 2020-99-99").encode(),
    "doubled.yaml": f"{STUDY}seeds: [1]\n".encode(),
    "latin.yaml": "name: größe".encode("latin-1"),
    "zero.yaml": b"\0\0\0\0",
    "nothing.yaml": b"",
    "list.yaml": b"- a\n- b\n",
    "tab.yaml": b"a:\n\t- b\n",
    "alias.yaml": b"a: *nosuch\n",
    "two.yaml": b"a: 1\n---\nb: 2\n",
    "manifest.parquet": b"PAR1 no more",
    "file": b"a file where a folder is expected",
    "clip.mp4": b"no video",
    "clip.avi": b"no video",
}

TRAIN = "train --dataset jester-fixture"
EVALUATE = "evaluate --dataset jester-fixture"
FIXTURE = "data fixture --dataset jester --out new"
LINES = (
    # commands and options that there are not, and values of the wrong type
    *("frobnicate", "trian", "--verson", "data frobnicate", "bench gpu", "keys show", "train --"),
    *("report nosuch", "list", "list modls", "list ''", "train", "train --dataset", "evaluate", "predict"),
    *("table", "table table2", "claims", "answer", "bundle", "hashes", "reference", "data pack"),
    "data pack --study tiny",
    *("data index", "data sheet --dataset jester", "data subset --dataset jester --root ."),
    *(f"{TRAIN} --sed 1", f"{TRAIN} --seed", f"{TRAIN} --seed one", f"{TRAIN} --seed 1.5", f"{TRAIN} --seed -1"),
    *(f"{TRAIN} --seed {'9' * 5000}", f"{TRAIN} --seed {10**30}", f"{TRAIN} --seed 8", f"{TRAIN} extra"),
    *(f"{EVALUATE} --seed nan", f"{EVALUATE} --force", "list models extra", "verify a b", "hashes --study"),
    *("bench wkv --rounds many", "bench wkv --device tpu", "cost --frames ''", "readings nosuch --study tiny"),
    *("table table2 --study tiny --format xml", "predict clip.mp4 --top 0", "predict clip.mp4 --top x"),
    # names that are unknown, reserved, or no names
    *("train --dataset jestr", "train --dataset ''", "train --dataset ../jester", "evaluate --dataset imagenet"),
    *(f"{TRAIN} --study tinny", f"{TRAIN} --study ''", f"{TRAIN} --study ..", f"{TRAIN} --study {'n' * 300}"),
    *(f"{TRAIN} --study a/b", f"{TRAIN} --study $'a\\nb'", f"{TRAIN} --study --seed", f"{TRAIN} --study reference"),
    *(f"{TRAIN} --ablation nosuch", f"{TRAIN} --ablation ''", f"{TRAIN} --ablation ../full", f"{TRAIN} --ablation -x"),
    *("cost lcr-bas-112", "cost ''", "cost lcr-tiny --ablation nosuch", "cost --study nosuch"),
    "readings --study nosuch",
    *("table tabel2 --study tiny", "table table2 --study nosuch", "table '' --study tiny", "claims --study nosuch"),
    *("answer --study nosuch", "answer --study ..", "answer --study tinny", "bundle --study nosuch"),
    "hashes --study nosuch",
    *("reference --study nosuch", "report readme --study nosuch", "keys list --study nosuch"),
    *("data fixture --dataset nosuch --out new", "data fixture --dataset jester --out new --classes Nosuch"),
    *("data check --study tiny", "data check --study tiny --dataset nosuch"),
    "data pack --study nosuch --dataset jester",
    *("keys prove --commit --output=x", "keys prove --commit nosuch", "keys prove --commit 'HEAD; touch x'"),
    # files and folders that are not there, or are of another kind
    *(f"{TRAIN} --study gone.yaml", f"{TRAIN} --ablation gone.yaml", f"{TRAIN} --study folder.yaml"),
    *(f"{TRAIN} --study pipe.yaml", f"{TRAIN} --study loop.yaml", f"{TRAIN} --root gone", f"{TRAIN} --root file"),
    *(f"{TRAIN} --results file", f"{TRAIN} --results /proc/x", f"{EVALUATE} --results file"),
    f"{EVALUATE} --results gone",
    *("predict gone.mp4", "predict clip.mp4 --run gone", "predict clip.mp4 --run file", "predict clip.avi --run ."),
    *("verify gone", "verify file", "verify .", "verify clip.mp4", "report readme --reference gone"),
    *("answer --study tiny --results file", "bundle --study tiny --results gone", "hashes --study tiny --results gone"),
    *("hashes --study tiny --results file", "reference --study tiny --results gone"),
    "table table2 --study tiny --results gone",
    *("table table2 --study tiny --results file", "claims --study tiny --results gone", "list studies --root gone"),
    *("data check --manifest gone", "data check --manifest file", "data check --manifest manifest.parquet"),
    *("data check --manifest folder.yaml", "data index --dataset jester --root gone --out m.parquet"),
    "data index --dataset jester --root file --out m.parquet",
    "data index --dataset kinetics --root . --out m.parquet",
    *("data index --dataset something --root . --out m.parquet", "data sheet --dataset jester --root gone --out x.png"),
    *("data subset --dataset jester --root gone --out new --per-class 1", "data fixture --dataset jester --out file"),
    *("data fixture --dataset jester --out .", "data fixture --dataset jester --out file/new --train 1 --validation 1"),
    *("bench wkv --out file", "bench wkv --out /proc/x"),
    *(f"{TRAIN} --data-root jester=gone", f"{TRAIN} --data-root =x", f"{TRAIN} --data-root jester="),
    *("train --dataset jester", "train --dataset jester --data-root gone", "train --dataset jester --data-root file"),
    *("train --dataset kinetics-fixture --data-root .", f"{TRAIN} --data-root jester-fixture=."),
    *(f"{TRAIN} --data-root nosuch=.", "train --dataset jester --data-root ~nobody_of_this_name/clips"),
    *("train --dataset jester --data-root loop.yaml", f"train --dataset jester --data-root {'x' * 5000}"),
    *("table table2 --study tiny --data-root .", "table table2 --study tiny --data-root jester=~nobody_of_this_name"),
    # options that would be without effect, or exclude each other
    *("cost", "cost lcr-tiny --study tiny", "cost --study tiny --frames 8", "cost lcr-tiny --results there"),
    *("cost lcr-tiny --data-root jester=.", "cost --study tiny --device cpu", f"{FIXTURE} --root ."),
    *(f"{FIXTURE} --data-root jester=.", "data fixture --dataset jester", "data index --dataset jester"),
    *("data fixture --dataset jester-fixture --study tiny --seed 1", "data check"),
    "data check --manifest m --dataset jester",
    *("data index --study tiny --dataset jester-fixture --out x", "data index --dataset jester --root ."),
    *("data check --study tiny --manifest m --dataset jester-fixture", "table table1 --study tiny --mixed"),
    *("table table2 --study tiny --format markdown --publish",),
    *("data sheet --dataset jester --root . --out x.txt", "data sheet --dataset jester --root . --out x"),
    *("bundle --study tiny --date yesterday", "bundle --study tiny --date 2026-13-01"),
    "bundle --study tiny --date 20260101",
    # absurd numbers
    *(f"bench wkv --tokens {'9' * 30}", "bench wkv --tokens ''", "bench wkv --tokens 0", "bench wkv --tokens 1,,2"),
    *("bench wkv --tokens -1", "bench wkv --tokens 1e3", "bench wkv --tokens ٣", "bench wkv --tokens 9999999"),
    *("bench wkv --rounds 0", f"bench wkv --rounds {10**12}", f"bench wkv --threads {10**9}", "bench wkv --threads 0"),
    *(f"cost lcr-tiny --frames {10**12}", "cost lcr-tiny --frames 0", f"cost lcr-tiny --views {10**30}"),
    *(f"{FIXTURE} --train 99999999999", f"{FIXTURE} --train 1000000", f"{FIXTURE} --validation {10**30}"),
    *(f"{FIXTURE} --train -1", f"{FIXTURE} --train 0 --validation 0", f"{FIXTURE} --test {10**12}"),
    *(f"{FIXTURE} --workers {10**9}", f"{FIXTURE} --workers 0", f"{FIXTURE} --seed -1", f"{FIXTURE} --seed x"),
    *(f"data subset --dataset jester --root . --out new --per-class {10**30}",),
    *("data subset --dataset jester --root . --out new --per-class 0",),
    *("data sheet --dataset jester --root . --out x.png --height 99999",),
    *(f"data sheet --dataset jester --root . --out x.png --columns {10**12}",),
    # names that are no UTF-8
    *(f"{TRAIN} --study \udcff", f"{TRAIN} --study \udcff.yaml", f"{TRAIN} --ablation \udcff", "cost \udcff"),
    *("predict \udcff.mp4", "verify \udcff", "answer --study \udcff", "train --dataset \udcff", "list \udcff"),
    *(f"{TRAIN} --data-root jester=\udcff", "data index --dataset jester --root \udcff --out m.parquet"),
    # studies and ablations that are hostile or wrong
    *(f"keys list --study {name}" for name in (*STUDIES, *(file for file in FILES if file.endswith(".yaml")))),
    *(f"{TRAIN} --ablation {name}" for name in FILES if name.endswith(".yaml")),
)  # fmt: skip


def stage(folder: Path) -> None:
    """Writes the hostile files to `folder`."""
    for name, content in FILES.items():
        (folder / name).write_bytes(content)
    for name, (place, value) in STUDIES.items():
        content = inner = yaml.safe_load(STUDY)
        *above, key = place.replace("*", "datasets.jester-fixture").split(".")
        for part in above:
            inner = inner[part]
        inner[key] = value
        (folder / name).write_text(yaml.safe_dump(content), encoding="utf-8")
    (folder / "folder.yaml").mkdir()
    os.mkfifo(folder / "pipe.yaml")
    (folder / "loop.yaml").symlink_to("loop.yaml")


def _late(_: int, __: FrameType | None) -> None:
    raise TimeoutError(f"not refused after {SECONDS} s")


def refuse(words: list[str]) -> tuple[object, str, str]:
    """The exit code of a call in the working directory, and the text on stdout and stderr."""
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", "backslashreplace", write_through=True) for _ in range(2))
    earlier = signal.signal(signal.SIGALRM, _late)
    signal.alarm(SECONDS)
    try:
        with (
            mock.patch.object(sys, "argv", ["lcr", *words]),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            cli.main()
    except SystemExit as stopped:
        code: object = stopped.code
    except Exception as error:
        code = repr(error)
    else:
        code = None
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, earlier)
    return code, *(stream.buffer.getvalue().decode(errors="replace") for stream in (out, err))


def fault(code: object, err: str) -> str | None:
    """The fault of a refusal in words; None where the refusal is right."""
    if code != 2:
        return f"exit code {code!r:.300}"
    if "Traceback" in err:
        return "a traceback"
    if err.lstrip().startswith("Usage:"):
        return None
    if not err.lower().startswith("error: ") or err.count("\n") != 1 or not err.endswith("\n"):
        return f"no single line: {err!r:.300}"
    return None


def failures(lines: tuple[str, ...] = LINES) -> dict[str, str]:
    """The command lines that are not refused as they should be, each with the reason."""
    found, before = {}, Path.cwd()
    with tempfile.TemporaryDirectory(prefix="lcr-lines-") as place:
        folder = Path(place)
        stage(folder)
        staged = {path.name for path in folder.iterdir()}
        os.chdir(folder)
        try:
            for line in lines:
                code, _, err = refuse(shlex.split(line.replace("$'a\\nb'", "'a\nb'")))
                why = fault(code, err)
                left = sorted({path.name for path in folder.iterdir()} - staged - {".lcr", "results"})
                if why or left:
                    found[line] = why or f"left {left}"
        finally:
            os.chdir(before)
    return found


def run(scale: float = 1.0) -> dict[str, object]:
    """The numbers of this list: calls, and those that were refused with code 2 and one message.

    Args:
        scale: the share of the list that is tried, spread over it.
    """
    lines = LINES[:: max(1, round(1 / scale))]
    failed = failures(lines)
    return {
        "command lines": len(lines),
        "refused": len(lines) - len(failed),
        "failures": [f"lcr {line}: {why}" for line, why in failed.items()],
    }
