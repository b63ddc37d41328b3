"""A wrong call exits with code 2 and one line that names what to mend, never with a traceback."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
from typer.main import get_command

from lcr import cli
from lcr.commands.runs import chosen_run
from lcr.util.errors import InputError
from tests.micro import STUDY


def lcr(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "lcr", *arguments], capture_output=True, text=True, cwd=cwd)


TRAIN = ("train", "--dataset", "jester-fixture")
DRAW = ("data", "fixture", "--dataset", "jester", "--out", "new")
WRONG = {  # the call: what its message names
    ("train",): "--dataset",
    (*TRAIN, "--seed", "-1"): "--seed",
    (*TRAIN, "--seed", "8"): "0, 1, 2, 3, 4, 5",
    (*TRAIN, "--sed", "1"): "--seed",
    ("train", "--dataset", "jestr-fixture"): "'jester-fixture'",
    ("train", "--dataset", "jester"): "--data-root jester=DIR",
    (*TRAIN, "--ablation", "no_edge_promt"): "'no_edge_prompt'",
    (*TRAIN, "--ablation", "full@literl"): "'literal'",
    (*TRAIN, "--study", "tinny"): "'tiny'",
    (*TRAIN, "--results", "/proc/x"): "/proc/x",
    ("evaluate", "--dataset", "jester-fixture"): "lcr train",
    ("predict", "gone.mp4"): "results/tiny/jester-fixture/full/seed-0",
    ("cost", "lcr-bas-112"): "'lcr-base-112'",
    ("cost", "--study", "tiny", "--frames", "8"): "--frames",
    ("cost", "lcr-base-112", "--results", "there"): "--results",
    (*DRAW, "--root", "x"): "--root",
    ("data", "index", "--study", "tiny", "--dataset", "jester-fixture", "--out", "x"): "--out",
    ("data", "sheet", "--dataset", "jester", "--root", ".", "--out", "x.png", "--height", "99999"): "--height",
    ("data", "check", "--manifest", "m.parquet", "--root", "x"): "--root",
    ("bench", "wkv", "--out", "/proc/x"): "/proc/x",
    ("table", "tabel2", "--study", "tiny"): "'table2'",
    ("list", "modls"): "models",
    ("keys", "prove", "--commit", "--output=x"): "--output=x",
    ("frobnicate",): "frobnicate",
}


@pytest.fixture
def ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Calls `lcr WORDS` in an empty folder; gives its exit code and what it printed, stdout and stderr."""

    def call(*words: str) -> tuple[int, str, str]:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", ["lcr", *words])
        with pytest.raises(SystemExit) as stopped:
            cli.main()
        return stopped.value.code or 0, *capsys.readouterr()

    return call


@pytest.mark.parametrize("call", WRONG, ids=" ".join)
def test_a_wrong_call_exits_with_2_and_names_what_is_wrong(call: tuple[str, ...], ended, tmp_path: Path) -> None:
    code, _, said = ended(*call)
    assert (code, WRONG[call] in said) == (2, True), said
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and path.parent.name != "locks"]


def test_the_program_prints_one_line_and_no_traceback(tmp_path: Path) -> None:
    done = lcr("train", "--dataset", "jestr-fixture", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)


@pytest.mark.parametrize(
    ("error", "named"),
    [
        (MemoryError(), "memory"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"), "memory"),
        (RuntimeError("unable to open shared memory object: Too many open files (24)"), "ulimit -n"),
        (ImportError("libtorch.so: cannot open shared object file: Too many open files"), "ulimit -n"),
        (OSError(errno.EMFILE, "Too many open files"), "ulimit -n"),
    ],
)
def test_a_limit_of_the_system_is_one_line_that_names_it(error: Exception, named: str, monkeypatch, capsys) -> None:
    def failing(*_: object) -> None:
        raise error

    monkeypatch.setattr("lcr.commands.runs.load_study", failing)
    monkeypatch.setattr(sys, "argv", ["lcr", *TRAIN])
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    said = capsys.readouterr().err
    assert (stopped.value.code, said.count("\n"), named in said) == (1, 1, True)


@pytest.mark.parametrize("encoding", ["ascii", pytest.param("latin-1", marks=pytest.mark.slow)])
def test_a_letter_that_stdout_or_stderr_lacks_ends_no_command(encoding: str, tmp_path: Path) -> None:
    own = os.environ | {"PYTHONIOENCODING": encoding}
    for words, code in ((("list", "models"), 0), (("cost", "█"), 2)):
        done = subprocess.run([sys.executable, "-m", "lcr", *words], capture_output=True, cwd=tmp_path, env=own)
        assert (done.returncode, b"Traceback" in done.stderr) == (code, False)
        assert b"\\u2588" in done.stderr or not code


def test_names_with_line_ends_and_terminal_codes_are_printed_as_escapes(tmp_path: Path, monkeypatch, capsys) -> None:
    for name in ("a\nb", "\x1b[2J", "\udcff"):
        monkeypatch.setattr(sys, "argv", ["lcr", "cost", name])
        with pytest.raises(SystemExit):
            cli.main()
        said = capsys.readouterr().err
        assert said.count("\n") == 1
        assert said.rstrip("\n").isprintable()


def test_a_folder_for_synthetic_clips_is_told_the_real_datasets_name(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--dataset kinetics"):
        chosen_run("tiny", "kinetics-fixture", "full", 0, [str(tmp_path)], None)


def test_ctrl_c_exits_with_130(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("lcr.commands.runs.load_study", interrupted)
    monkeypatch.setattr(sys, "argv", ["lcr", *TRAIN])
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    assert stopped.value.code == 130


def test_every_command_has_help_with_an_example() -> None:
    def commands(group: click.Group, path: tuple[str, ...] = ()):
        for name, command in group.commands.items():
            deeper = hasattr(command, "commands")
            yield from commands(command, (*path, name)) if deeper else [(" ".join((*path, name)), command)]

    found = dict(commands(get_command(cli.app)))
    assert {"train", "evaluate", "predict", "cost", "table", "list", "data fixture", "keys prove"} <= set(found)
    assert [name for name, command in found.items() if f"lcr {name}" not in (command.help or "")] == []


VARIANT = "name: {}\ntitle: mine\ncomponent: tube mask\nhypothesis: x\nmodel: {{tube_ratio: 0.6}}\n"


def test_a_study_finds_its_own_variant_by_name_wherever_its_file_lies(tmp_path: Path) -> None:
    (tmp_path / "file.yaml").write_text(VARIANT.format("mine"))
    study = tmp_path / "study.yaml"
    study.write_text(STUDY.replace("variants: [full", f"variants: [full, {tmp_path / 'file.yaml'}"))
    for ablation in ("mine", str(tmp_path / "file.yaml")):
        assert chosen_run(str(study), "jester-fixture", ablation, 0, None, None).variant.model.tube_ratio == 0.6


@pytest.mark.parametrize("name", ["full", "no_tube_mask", "kv-source.additive"])
def test_a_variant_whose_runs_would_replace_anothers_is_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / "file.yaml").write_text(VARIANT.format(name))
    with pytest.raises(InputError, match=name):
        chosen_run("tiny", "jester-fixture", str(tmp_path / "file.yaml"), 0, None, None)


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("models", "lcr-tiny"),
        ("variants", "lstm_gate"),
        ("readings", "kv-source.additive"),
        ("interpretations", "tokens"),
        ("studies", "tiny"),
        ("datasets", "kinetics-fixture"),
    ],
)
def test_lists_name_everything_that_commands_take(ended, kind: str, name: str) -> None:
    code, said, _ = ended("list", kind)
    assert (code, f"{name}\t" in said) == (0, True)
