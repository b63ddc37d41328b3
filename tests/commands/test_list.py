"""Names, studies and the version, as the command line shows them."""

from importlib import metadata

import pytest
import yaml

from lcr.config.files import study_names
from lcr.config.load import load_study
from lcr.config.study import StudyConfig
from lcr.util.errors import InputError
from tests.cli import lcr
from tests.micro import PROJECT


@pytest.mark.parametrize("name", study_names())
def test_a_study_that_is_shown_reads_back_as_itself(name):
    shown = StudyConfig.model_validate(yaml.safe_load(lcr("show", "study", name).stdout))
    study = load_study(name)
    assert shown.model_dump() == study.model_dump()
    assert [one.rates for one in shown.datasets.values()] == [one.rates for one in study.datasets.values()]


def test_an_unknown_study_is_refused_with_the_nearest():
    with pytest.raises(InputError, match="tiny"):
        lcr("show", "study", "tinny")


def test_the_version_is_that_of_the_package_and_of_the_citation():
    assert lcr("--version").stdout.split() == ["lcr", metadata.version("lcr")]
    assert yaml.safe_load((PROJECT / "CITATION.cff").read_text())["version"] == metadata.version("lcr")
