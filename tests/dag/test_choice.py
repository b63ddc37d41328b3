"""What `--config` may say, and what it is answered when it is wrong: one line, before anything runs."""

import re
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from snakemake.cli import get_argument_parser

from lcr.methods import SYSTEMS
from lcr.workflow import STAMPS, Choice, choose
from tests.dag.conftest import SOURCE, Project


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def refused(capsys: pytest.CaptureFixture[str], **config: str) -> str:
    with pytest.raises(SystemExit) as exit_:
        choose(config, SOURCE)
    assert exit_.value.code == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    return error


@pytest.mark.parametrize(
    ("config", "named"),
    [
        ({"study": "smok"}, "'smoke'"),
        ({"methods": "resnet3d-19"}, "'resnet3d-18'"),
        ({"methods": "gone.py:build"}, "gone.py"),
        ({"jester_rot": "x"}, "'jester_root'"),
        ({"jester_root": "nowhere"}, "jester_root=nowhere"),
        ({"jester_root": ""}, "jester_root="),
        ({"study": "gone.yaml"}, "gone.yaml"),
        ({"jester_root": "{dataset}"}, "{dataset}"),
    ],
)
def test_a_wrong_study_key_or_root_is_refused_in_one_line(capsys, config: dict[str, str], named: str):
    Path("{dataset}").mkdir()
    assert named in refused(capsys, **config)
    assert not STAMPS.exists(), "nothing is written before the configuration is right"


@pytest.mark.parametrize("file", [".lcr", ".lcr/stamps", ".lcr/stamps/tiny/tables", "results"])
def test_a_file_or_folder_in_the_place_of_the_other_is_named_in_one_line(capsys, file: str):
    Path(file).parent.mkdir(parents=True, exist_ok=True)
    if file.endswith("tables"):
        Path(file).mkdir()
    else:
        Path(file).touch()
    assert file in refused(capsys)


def test_methods_are_added_to_the_study_and_reach_every_command():
    choice = choose({"methods": "all"}, SOURCE)
    added = {*choice.study.methods} - {*choose({}, SOURCE).study.methods}
    assert {name.removesuffix("-both") for name in added if name.endswith("-both")} == {
        f"{one}-tiny" for one in SYSTEMS
    }
    assert len(added) == 2 * len(SYSTEMS)
    assert "tiny+all" in str(choice.options)


def annotations(choice: Choice, dataset: str) -> list[str]:
    return choice.annotations(SimpleNamespace(dataset=dataset))


def test_the_paper_study_refuses_without_clips_and_names_their_roots(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as exit_:
        annotations(choose({"study": "paper"}, SOURCE), "jester")
    assert exit_.value.code == 2
    error = capsys.readouterr().err
    assert all(f"{name}_root=DIR" in error for name in ("jester", "something", "kinetics"))


def test_the_paper_study_takes_the_clips_that_are_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "jester-v1-train.csv").write_text("1;Thumb Up\n")
    choice = choose({"study": "paper", "jester_root": str(tmp_path)}, SOURCE)
    assert annotations(choice, "jester") == [str(tmp_path / "jester-v1-train.csv")]
    with pytest.raises(SystemExit):
        annotations(choice, "kinetics")
    assert "jester_root" not in capsys.readouterr().err, "what is there is not asked for"


def test_the_note_of_a_dataset_is_told_with_its_clips(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    choose({"study": "paper", "kinetics_root": str(tmp_path)}, SOURCE)
    assert "kinetics" in capsys.readouterr().err


def test_a_real_subset_takes_the_drawn_clips_place_and_name(tmp_path: Path):
    drawn, real = choose({}, SOURCE), choose({"jester_root": str(tmp_path)}, SOURCE)
    assert "jester-fixture" in drawn.study.datasets
    assert real.study.table2 == "jester"
    assert f"--data-root jester={tmp_path}" in str(real.options)
    assert drawn.published_as != real.published_as


def test_a_run_asks_for_a_gpu_only_where_the_study_is_on_one():
    assert choose({"study": "tiny"}, SOURCE).gpus is None
    assert choose({"study": "paper"}, SOURCE).gpus == 1


def test_a_run_asks_for_the_cores_of_its_processes_that_load_clips():
    assert choose({"study": "paper"}, SOURCE).threads(SimpleNamespace(dataset="jester")) == 8
    assert choose({"study": "tiny"}, SOURCE).threads(SimpleNamespace(dataset="jester-fixture")) == 1


@pytest.mark.slow
@pytest.mark.parametrize(("arguments", "jobs"), [((), 3), (("--resources", "gpu=2"), 2)])
def test_as_many_jobs_run_at_a_time_as_there_are_gpus(project: Project, arguments: tuple[str, ...], jobs: int):
    project.edit("ablations/studies/one.yaml", "seeds:", "device: cuda\nseeds:")
    done = project.snakemake("results/table2.csv", *arguments, "--config", "study=one", CUDA_VISIBLE_DEVICES="0,1,2")
    assert re.search(rf"Provided resources: gpu=\D*{jobs}\b", done.stdout), done.stdout


@pytest.mark.slow
def test_whatever_runs_a_model_on_the_gpu_asks_for_it(project: Project):
    project.edit("ablations/studies/one.yaml", "seeds:", "device: cuda\nseeds:")
    planned = project.snakemake("--dry-run", "--forceall", "--config", "study=one").stdout
    asks: dict[str, set[str]] = {}
    for job in re.split(r"\n(?=rule |localrule )", planned)[1:]:
        asks.setdefault(job.split()[1].rstrip(":"), set()).update(re.findall(r"resources: .*(gpu=\d)", job))
    assert {rule for rule, gpus in asks.items() if "gpu=1" in gpus} == {"train", "evaluate", "cost"}, planned


@pytest.mark.slow
def test_snakemake_prints_the_line_without_a_traceback_and_exits_with_2(project: Project):
    done = project.snakemake("--config", "study=paper")
    assert done.returncode == 2
    assert "jester_root=DIR" in done.stdout
    assert "Traceback" not in done.stdout
    assert project.calls() == []


@pytest.mark.parametrize("profile", ["default", "slurm", "kubernetes"])
def test_every_profile_says_what_snakemake_knows_and_lets_a_killed_run_go_on(profile: str):
    said = yaml.safe_load((SOURCE / "profiles" / profile / "config.yaml").read_text(encoding="utf-8"))
    known = {option for action in get_argument_parser()._actions for option in action.option_strings}
    of_plugins = {"default-storage-provider", "default-storage-prefix", "container-image"}
    assert not {key for key in said if f"--{key}" not in known} - of_plugins
    assert said["nolock"]
    assert said["rerun-incomplete"]
