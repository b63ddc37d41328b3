"""A wrong call is answered in words that help and with exit code 2, never with a traceback."""

import subprocess
import sys

import pytest

from lcr.commands.runs import chosen_run
from lcr.util.errors import InputError
from tests.micro import STUDY


def lcr(*arguments: str, cwd=None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "lcr", *arguments], capture_output=True, text=True, cwd=cwd, check=False
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("train",), "dataset"),
        (("train", "--dataset", "jester-fixture", "--seed", "-1"), "--seed"),
        (("train", "--dataset", "jester-fixture", "--seed", "one"), "--seed"),
        (("train", "--dataset", "jester-fixture", "--seed", "8"), "the seeds 0, 1, 2, 3, 4, 5, 6, 7"),
        (("train", "--dataset", "jester-fixture", "--sed", "1"), "--seed"),
        (("train", "--dataset", "jestr-fixture"), "did you mean 'jester-fixture'?"),
        (("train", "--dataset", "jester"), "--data-root jester=DIR"),
        (("train", "--dataset", "jester-fixture", "--ablation", "no_edge_promt"), "did you mean 'no_edge_prompt'?"),
        (("train", "--dataset", "jester-fixture", "--study", "tinny"), "did you mean 'tiny'?"),
        (("cost", "lcr-base-112", "--frames", "0"), "--frames"),
        (("cost", "lcr-bas-112"), "did you mean 'lcr-base-112'?"),
        (("cost", "--study", "tiny", "--frames", "8"), "--frames has no effect with --study"),
        (("cost", "lcr-base-112", "--results", "there"), "--results has no effect without --study"),
        (("data", "fixture", "--study", "tiny", "--dataset", "jester-fixture", "--seed", "1"), "--seed has no effect"),
        (("data", "fixture", "--dataset", "jester", "--out", "new", "--root", "x"), "--root has no effect without"),
        (("data", "index", "--study", "tiny", "--dataset", "jester-fixture", "--out", "x"), "--out has no effect"),
        (("data", "fixture", "--dataset", "jester", "--out", "new", "--seed", "-1"), "--seed"),
        (("data", "sheet", "--dataset", "jester", "--root", ".", "--out", "x.png", "--height", "99999"), "--height"),
        (("train", "--dataset", "jester-fixture", "--results", "/proc/x"), "cannot write to /proc/x"),
        (("bench", "wkv", "--out", "/proc/x"), "cannot write to /proc/x"),
        (("data", "check", "--manifest", "m.parquet", "--root", "x"), "--root has no effect without --study"),
        (("table", "tabel2", "--study", "tiny"), "did you mean 'table2'?"),
        (("evaluate", "--dataset", "jester-fixture"), "train first: lcr train"),
        (("predict", "gone.mp4"), "no tested run"),
        (("frobnicate",), "frobnicate"),
    ],
)
def test_a_wrong_call_exits_with_2_and_says_what_to_do(arguments: tuple[str, ...], words: str, tmp_path) -> None:
    done = lcr(*arguments, cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and path.parent.name != "locks"]


def test_more_memory_than_there_is_is_said_in_one_line(tmp_path) -> None:
    done = lcr("bench", "wkv", "--tokens", "100000000000000", "--out", str(tmp_path))
    assert done.returncode == 1
    assert "error: more memory is asked for than there is" in done.stderr
    assert "Traceback" not in done.stderr


def test_ctrl_c_exits_with_130_and_says_that_it_is_not_done(monkeypatch, capsys) -> None:
    from lcr import cli
    from lcr.evidence import verify

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(verify, "verify", interrupted)
    monkeypatch.setattr(sys, "argv", ["lcr", "verify", "results/reference"])
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    assert stopped.value.code == 130
    assert "stopped before its end" in capsys.readouterr().err


def test_every_command_has_help_with_an_example() -> None:
    from typer.main import get_command

    from lcr.cli import app

    def commands(group, path=()):
        for name, command in group.commands.items():
            if hasattr(command, "commands"):
                yield from commands(command, (*path, name))
            else:
                yield " ".join((*path, name)), command

    found = dict(commands(get_command(app)))
    assert {"train", "evaluate", "predict", "cost", "table", "data fixture", "data index", "data subset"} <= set(found)
    assert [name for name, command in found.items() if f"lcr {name}" not in (command.help or "")] == []


VARIANT = "name: {}\ntitle: mine\ncomponent: tube mask\nhypothesis: x\nmodel: {{tube_ratio: 0.6}}\n"


def test_a_study_finds_its_own_variant_by_name_wherever_its_file_lies(tmp_path) -> None:
    (tmp_path / "file.yaml").write_text(VARIANT.format("mine"))
    study = tmp_path / "study.yaml"
    study.write_text(STUDY.replace("variants: [full", f"variants: [full, {tmp_path / 'file.yaml'}"))
    for ablation in ("mine", str(tmp_path / "file.yaml")):
        assert chosen_run(str(study), "jester-fixture", ablation, 0, None, None).variant.model.tube_ratio == 0.6


@pytest.mark.parametrize("name", ["full", "no_tube_mask", "kv-source.additive"])
def test_a_variant_whose_runs_would_replace_anothers_is_refused(name: str, tmp_path) -> None:
    (tmp_path / "file.yaml").write_text(VARIANT.format(name))
    with pytest.raises(InputError, match=f"another variant named '{name}', whose runs these would replace"):
        chosen_run("tiny", "jester-fixture", str(tmp_path / "file.yaml"), 0, None, None)
