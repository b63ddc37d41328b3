"""The notebooks: clean in git, listed, run by hand from either folder, and by papermill into a page."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import matplotlib
import nbformat
import pytest

from lcr.report.figures.style import save
from lcr.report.finished import Finished
from lcr.report.notebooks import EVERY, NOTEBOOKS
from lcr.study.tables.registry import made_by
from tests.browser import needs_browser, open_page

SOURCE = Path(__file__).parents[2]
FOLDER = SOURCE / "notebooks"
WITHOUT_TORCH = [name for name in NOTEBOOKS if name != "edge_prompt"]  # that needs trained weights and clips
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}


def code(name: str) -> str:
    """The notebook's code as one script."""
    found = nbformat.read(FOLDER / f"{name}.ipynb", as_version=4).cells
    return "\n".join(cell.source for cell in found if cell.cell_type == "code")


@pytest.mark.parametrize("name", sorted({path.stem for path in FOLDER.glob("*.ipynb")} | {*EVERY}))
def test_a_notebook_in_git_has_one_cell_of_parameters_no_trace_of_a_run_and_reads_declared_tables_alone(name):
    text = (FOLDER / f"{name}.ipynb").read_text(encoding="utf-8")
    notebook = nbformat.reads(text, as_version=4)
    nbformat.validate(notebook)
    assert notebook.cells[0].source.startswith("# ")
    (parameters,) = (cell for cell in notebook.cells if cell.metadata == {"tags": ["parameters"]})
    assert 'study = "tiny"' in parameters.source
    for cell in notebook.cells:
        assert cell is parameters or not cell.metadata
        assert {cell.get("execution_count"), *cell.get("outputs", [])} == {None}
    assert notebook.metadata == {"kernelspec": KERNEL, "language_info": {"name": "python"}}
    assert text == nbformat.writes(notebook, indent=1) + "\n", "one form, so that a diff shows changes alone"
    read = set(re.findall(r'\.(?:table|markdown)\("(\w+)"\)', code(name)))
    assert read <= {*EVERY[name].tables, *made_by("readings search")}, "the package has the search's tables"


@pytest.mark.slow
@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_runs_by_hand_from_either_folder_and_saves_the_same_bytes_under_any_settings(
    name, copy, figures, tmp_path, monkeypatch
):
    (tmp_path / "notebooks").mkdir()
    monkeypatch.chdir(tmp_path / ("." if name == "table2" else "notebooks"))
    if name in WITHOUT_TORCH:
        exec(code(name).replace('"tiny"', '"made-up"'), {})
    else:
        save(figures[name](), copy.folder / "figures", name)
    with matplotlib.rc_context({"axes.facecolor": "red", "lines.linewidth": 9, "savefig.dpi": 50, "font.size": 20}):
        again = save(figures[name](), tmp_path / "again", name)
    saved = [(copy.folder / "figures" / path.name).read_bytes() for path in again]
    assert saved == [path.read_bytes() for path in again]
    assert b"<dc:date>" not in saved[1]


@pytest.fixture(scope="session")
def page(finished: Finished, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The ablations notebook, run and rendered by the Snakefile's own command."""
    project = tmp_path_factory.mktemp("page")
    shutil.copytree(finished.results, project / "results")
    snakefile = (SOURCE / "Snakefile").read_text(encoding="utf-8")
    command = "".join(re.findall(r'^ +"(.*)"$', snakefile[snakefile.index('"(papermill') - 9 :].split("\n\n")[0], re.M))
    given = {
        "input.notebook": FOLDER / "ablations.ipynb",
        "log.ran": "ran.ipynb",
        "params.study": "made-up",
        "params.pages": "results/made-up/notebooks",
        "params.templates": FOLDER / "template",
        "wildcards.notebook": "ablations",
        "log[0]": "log",
    }
    command = re.sub(r"{(.+?)(:q)?}", lambda found: str(given[found[1]]), command)
    own = {"PYTHONPATH": str(SOURCE), "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    done = subprocess.run(command, shell=True, cwd=project, env=os.environ | own)
    assert done.returncode == 0, (project / "log").read_text()
    return project / "results/made-up/notebooks/ablations.html"


@pytest.mark.slow
def test_papermill_runs_a_notebook_and_its_page_shows_figure_and_table(page):
    text = page.read_text(encoding="utf-8")
    assert "data:image/svg+xml;base64," in text
    assert NOTEBOOKS["ablations"].title in text, "the figure has an alternative text"
    assert "<td>LCR (full)" in text
    assert not re.search(r'(src|href)="https?://', text)
    (policy,) = re.findall(r"<meta [^>]*Content-Security-Policy[^>]*>", text)
    assert "default-src 'none'" in policy
    assert "<script" not in text
    assert "cell-id" not in text, "papermill's cell has a random id"
    assert "injected-parameters" in (page.parents[3] / "ran.ipynb").read_text(encoding="utf-8")


@pytest.mark.slow
@needs_browser
def test_the_page_opens_in_a_browser_and_requests_nothing(page, tmp_path):
    opened = open_page(page, tmp_path)
    assert opened.requests == []
    assert "made-up" in opened.dom
