"""A multiverse makes its own tables and its figure, trains no cell that says nothing, and goes on where it stopped."""

import pytest

from tests.dag.conftest import Project

OWN = """
  - edges-learned-time
  - edges-mean-time
  - additive
"""
WHOLE = {"claims", "answer", "publish_all", "cost", "diagnosis", "table table2", "table ablations"}


@pytest.fixture
def project(project: Project) -> Project:
    project.edit("ablations/studies/two.yaml", "variants:", f"interpretations: {OWN}\nvariants:")
    project.edit("ablations/studies/two.yaml", "no_tube_mask]", "unidirectional_wkv]")
    return project


@pytest.mark.slow
def test_a_multiverse_makes_its_own_tables_and_figure_alone_and_trains_what_can_differ(project: Project):
    planned = project.redone("--config", "study=two")
    assert not planned & WHOLE
    arms = {job.split()[2] for job in planned if job.startswith("train")}
    assert arms == {"full@edges-mean-time", "full@additive", "unidirectional_wkv@additive"}
    done = project.snakemake("--config", "study=two")
    assert done.returncode == 0, done.stdout
    assert project.published("multiverse.csv") == project.published("multiverse_verdicts.csv") == "two"
    assert (project.folder / "results/figures/multiverse.png").is_file()
    assert project.redone("--config", "study=two") == set()


@pytest.mark.slow
def test_a_multiverse_is_made_in_pieces(project: Project):
    for piece in (1, 2):
        batch = ("results/multiverse.csv", "--batch", f"table={piece}/2", "--config", "study=two")
        done = project.snakemake(*batch)
        assert done.returncode == 0, done.stdout
        assert (project.folder / "results/multiverse.csv").is_file() == (piece == 2)
