"""Studies and variants as files: what would count a run twice, or lie elsewhere, is refused with the file's name."""

from pathlib import Path

import pytest

from lcr.config import load_study, load_variant
from lcr.errors import InputError
from tests.micro import STUDY


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("seeds: [0, 1, 0]", "seeds: Value error, 0 is given more than once"),
        ("seeds: [-1]", "seeds.0: Input should be greater than or equal to 0"),
        ("variants: [full, full]", "variants: Value error, full is given more than once"),
        ("name: ../elsewhere", "names a folder"),
        ('name: ""', "names a folder"),
        ("name: 2020-99-99", "no valid YAML: month must be in 1..12"),
    ],
)
def test_a_study_that_would_mislead_is_refused(tmp_path: Path, line: str, words: str) -> None:
    key = line.split(":")[0]
    lines = [line if one.startswith(f"{key}:") else one for one in STUDY.splitlines()]
    assert line in lines
    path = tmp_path / "study.yaml"
    path.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(InputError) as refused:
        load_study(path)
    assert str(path) in str(refused.value)
    assert words in str(refused.value)


def test_a_variant_whose_runs_would_lie_elsewhere_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "variant.yaml"
    path.write_text("name: ../../x\ntitle: x\ncomponent: x\nhypothesis: x\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"variant\.yaml: name: '\.\./\.\./x' names a folder"):
        load_variant(path)


@pytest.mark.parametrize("content", ["name: größe".encode("latin-1"), b"[" * 5000])
def test_what_is_no_yaml_in_utf_8_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "study.yaml"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"study\.yaml: no valid YAML"):
        load_study(path)
