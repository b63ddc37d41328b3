"""Publication: what lies in results/ is one study's, whole, also when two are published at once."""

import fcntl
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from lcr.config.load import load_study
from lcr.config.study import StudyConfig
from lcr.evidence.hashes import NAME, read_hashes
from lcr.evidence.publish import LOCK, publish
from lcr.evidence.published import ALL, FILES
from lcr.evidence.published import published as published_of
from lcr.study.store import Store
from lcr.util.errors import InputError, Mismatch
from lcr.util.locks import FOLDER
from lcr.util.seals import PLACEHOLDER
from tests.dag.conftest import STUDY
from tests.sealed import write_text

ROUNDS = 8


@pytest.fixture(autouse=True)
def studies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, StudyConfig]:
    """Two studies whose files are made, each with its own name in them."""
    monkeypatch.chdir(tmp_path)
    found = {}
    for name in ("one", "two"):
        Path(f"{name}.yaml").write_text(STUDY.format(name=name, epochs=1), encoding="utf-8")
        found[name] = load_study(f"{name}.yaml")
        for file in (f"results/{name}/{file}" for file in FILES):
            Path(file).parent.mkdir(parents=True, exist_ok=True)
            Path(file).write_text(f"{name} {file}", encoding="utf-8")
        write_text(Path(f".lcr/data/{name}/jester-fixture/manifest.parquet"), PLACEHOLDER)
    return found


def published(study: StudyConfig, *names: str) -> list[Path]:
    return publish(Store("results", study.name), study, f"{study.name}.yaml", names)


def owners() -> set[str]:
    """The studies that the published files and hashes.json are of."""
    hashes = read_hashes(Path("results"))
    assert {*FILES} <= {*hashes.files}
    return {hashes.name, *(Path("results", name).read_text(encoding="utf-8").split()[0] for name in FILES)}


def test_two_studies_published_at_once_leave_one_of_them_whole(studies: dict[str, StudyConfig]):
    with ThreadPoolExecutor(2) as two:
        for _ in range(ROUNDS):
            for done in two.map(published, studies.values()):
                assert done == [Path("results", name) for name in ALL]
            assert owners() in ({"one"}, {"two"})


def test_a_second_publication_waits_and_says_so(studies: dict[str, StudyConfig], capfd: pytest.CaptureFixture[str]):
    FOLDER.mkdir(parents=True)
    with (FOLDER / LOCK).open("w") as held, ThreadPoolExecutor(1) as other:
        fcntl.flock(held, fcntl.LOCK_EX)
        running = other.submit(published, studies["one"])
        while str(FOLDER / LOCK) not in capfd.readouterr().out:
            assert not running.done()
        assert not Path("results", NAME).exists()
        fcntl.flock(held, fcntl.LOCK_UN)
        running.result()
    assert owners() == {"one"}


def test_one_file_is_published_alone_and_hashes_json_stands_for_all(studies: dict[str, StudyConfig]):
    published(studies["one"])
    assert published(studies["two"], "table2.csv") == [Path("results/table2.csv")]
    stores = {name: Store("results", name) for name in studies}
    assert "table2.csv" in published_of(stores["two"].folder)
    assert NAME not in published_of(stores["one"].folder), "one file is another study's"
    published(studies["one"], NAME)
    assert owners() == {"one"}


@pytest.mark.parametrize("name", ["tabel2.csv", "../README.md", "/etc/passwd", ""])
def test_what_is_no_published_file_is_refused(studies: dict[str, StudyConfig], name: str):
    with pytest.raises(InputError):
        published(studies["one"], name)
    assert not Path("results", NAME).exists()


def test_a_file_that_is_not_made_is_named_and_hashes_json_is_not_written(studies: dict[str, StudyConfig]):
    Path("results/one/README.md").unlink()
    with pytest.raises(InputError, match=r"results/one/README\.md"):
        published(studies["one"])
    assert not Path("results", NAME).exists()


def test_a_file_that_another_program_changes_meanwhile_is_a_mismatch(
    studies: dict[str, StudyConfig], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("lcr.evidence.publish.write_hashes", lambda *_: Path("results/cost.csv").write_text("mine"))
    with pytest.raises(Mismatch, match=r"results/cost\.csv"):
        published(studies["one"])


@pytest.mark.parametrize("damaged", ["[]", "{", '{"configuration": []}', "\xff", "[" * 100_000])
def test_hashes_json_that_cannot_be_read_is_no_studys(studies: dict[str, StudyConfig], damaged: str):
    published(studies["one"])
    Path("results", NAME).write_text(damaged, encoding="latin-1")
    assert NAME not in published_of(Path("results/one"))
