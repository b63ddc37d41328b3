"""The notebooks: clean in git, listed, running by hand from either folder, and by papermill into a page of its own."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from lcr.report.finished import Finished
from lcr.report.notebooks import NOTEBOOKS
from tests.browser import needs_browser, open_page

SOURCE = Path(__file__).parents[2]
FOLDER = SOURCE / "notebooks"
WITHOUT_TORCH = [name for name in NOTEBOOKS if name != "edge_prompt"]  # that one needs trained weights and clips


def cells(name: str) -> list:
    return nbformat.read(FOLDER / f"{name}.ipynb", as_version=4).cells


@pytest.fixture
def project(finished: Finished, tmp_path: Path) -> Path:
    """A project's folder with the made-up study's results and the notebooks."""
    shutil.copytree(finished.results, tmp_path / "results")
    shutil.copytree(FOLDER, tmp_path / "notebooks")
    return tmp_path


def test_the_folder_and_the_list_name_the_same_notebooks():
    assert {path.stem for path in FOLDER.glob("*.ipynb")} == set(NOTEBOOKS)


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_in_git_has_no_output_and_no_trace_of_who_ran_it(name):
    text = (FOLDER / f"{name}.ipynb").read_text(encoding="utf-8")
    notebook = nbformat.reads(text, as_version=4)
    nbformat.validate(notebook)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None
        assert set(cell.metadata) <= {"tags"}
    assert notebook.metadata == {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    assert text == nbformat.writes(notebook, indent=1) + "\n", "one form, so that a change is seen in a diff"


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_has_one_cell_of_parameters_and_says_what_it_shows(name):
    assert cells(name)[0].source.startswith("# ")
    tagged = [cell for cell in cells(name) if "parameters" in cell.metadata.get("tags", [])]
    assert len(tagged) == 1
    assert 'study = "tiny"' in tagged[0].source


@pytest.mark.parametrize("name", WITHOUT_TORCH)
@pytest.mark.parametrize("here", [".", "notebooks"])
def test_a_notebook_runs_by_hand_from_either_folder_and_saves_its_figure(name, here, project, monkeypatch):
    monkeypatch.chdir(project / here)
    space: dict = {}
    for cell in cells(name):
        if cell.cell_type == "code":
            exec(cell.source.replace('"tiny"', '"made-up"'), space)
    for suffix in ("svg", "png"):
        assert (project / f"results/made-up/figures/{name}.{suffix}").stat().st_size > 1000


def test_a_notebook_reads_no_table_that_it_does_not_declare():
    for name, notebook in NOTEBOOKS.items():
        source = "\n".join(cell.source for cell in cells(name) if cell.cell_type == "code")
        read = set(re.findall(r'\.rows\("(\w+)"\)', source))
        assert read <= set(notebook.tables), name


@pytest.fixture(scope="session")
def page(finished: Finished, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The ablations notebook, run and rendered by the Snakefile's own command."""
    project = tmp_path_factory.mktemp("page")
    shutil.copytree(finished.results, project / "results")
    snakefile = (SOURCE / "Snakefile").read_text(encoding="utf-8")
    command = "".join(re.findall(r'^ +"(.*)"$', snakefile[snakefile.index('"(papermill') - 9 :].split("\n\n")[0], re.M))
    for old, new in {
        "{input.notebook}": str(FOLDER / "ablations.ipynb"),
        "{log.ran}": "ran.ipynb",
        "{params.study}": "made-up",
        "{params.templates}": str(FOLDER / "template"),
        "{output.page}": "results/made-up/notebooks/ablations.html",
        "{wildcards.notebook}": "ablations",
        "{log[0]}": "log",
    }.items():
        command = command.replace(old, new)
    assert "{" not in command
    done = subprocess.run(
        command,
        shell=True,
        cwd=project,
        env=os.environ | {"PYTHONPATH": str(SOURCE), "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
    )
    assert done.returncode == 0, (project / "log").read_text()
    return project / "results/made-up/notebooks/ablations.html"


def test_papermill_runs_a_notebook_and_its_page_shows_figure_and_table(page):
    text = page.read_text(encoding="utf-8")
    assert "data:image/svg+xml;base64," in text
    assert NOTEBOOKS["ablations"].title in text, "the figure has an alternative text"
    assert "<td>LCR (full)" in text
    assert not re.search(r'(src|href)="https?://', text)
    assert "cell-id" not in text, "papermill's cell has a random id"
    ran = json.loads((page.parents[3] / "ran.ipynb").read_text(encoding="utf-8"))
    assert any("injected-parameters" in cell["metadata"].get("tags", []) for cell in ran["cells"])


@needs_browser
def test_the_page_opens_in_a_browser_and_asks_nobody_for_anything(page, tmp_path):
    opened = open_page(page, tmp_path)
    assert opened.requests == []
    assert "Which part of LCR matters?" in opened.dom
