"""A study by name or path, checked as a whole: `load_study`."""

from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

from lcr.config.datasets import FORMATS, dataset_format, is_synthetic
from lcr.config.files import load_interpretation, load_variant, named_file, project_root
from lcr.config.register import reading_variants
from lcr.config.study import DatasetConfig, StudyConfig
from lcr.config.variant import FULL, METHOD_ARMS, VariantConfig, method_arms
from lcr.util.errors import InputError, printable, unknown
from lcr.util.schema import parse, read_yaml, yaml_value


def known_variants(root: str | Path | None = None, study: StudyConfig | None = None) -> dict[str, VariantConfig]:
    """All arms that have a name: variants of `ablations/`, readings and methods, and before them the study's own."""
    files = sorted((project_root(root) / "ablations").glob("*.yaml"))
    found = {variant.name: variant for variant in (load_variant(file, root) for file in files)} | reading_variants()
    return found | METHOD_ARMS | {variant.name: variant for variant in (study.arms if study else ())}


def load_study(
    path: str | Path,
    roots: dict[str, str | None] | None = None,
    root: str | Path | None = None,
    changes: Sequence[str] = (),
) -> StudyConfig:
    """A study by name (`tiny`, `smoke`, `paper`) or by the path of its YAML file.

    Behind a plus sign come further methods, by commas: `tiny+all`, `tiny+resnet3d-18,my_model.py:build`.

    Args:
        roots: folders of real data by dataset, as in {"jester": "DIR"}: the study's generated clips of that dataset
            are then replaced by the real ones, under the real name.
        root: where `ablations/` is (see `project_root`).
        changes: KEY=VALUE for any key of the file, as in "datasets.jester-fixture.train.epochs=3".

    Raises:
        InputError: there is none of this name, a key is unknown or of the wrong type, a dataset that is named is none
            of the study's, table2 names none of them, there is no variant of a name, or `full` is none of them.
    """
    named, _, more = str(path).partition("+")
    file = named_file(project_root(root) / "ablations" / "studies", "study", named)
    content = _study_yaml(file, root)
    study = parse(StudyConfig, _changed(content, changes), str(file))
    study._given = str(path)
    if changes:
        _note_changes(study, changes, parse(StudyConfig, content, str(file)))
    for name in study.datasets:
        dataset_format(name)
    study._variants = _checked_variants(study, str(file), root)
    study = study.model_copy(update={"methods": _methods(study, [*study.methods, *filter(None, more.split(","))])})
    bundles = (study.interpretation, *study.interpretations)
    study._interpretations = {given: load_interpretation(given, root) for given in bundles}
    for name, folder in (roots or {}).items():
        if folder is not None:
            study = _with_real_data(study, name, folder)
    _check_datasets(study, str(file))
    if study.table2 not in study.datasets:
        raise unknown(f"table2 dataset in {file}", study.table2, study.datasets)
    _check_readings(study, str(file))
    return study


def _changed(content: Any, changes: Sequence[str]) -> Any:
    """A study's YAML with the values of `--set`, each read as YAML; a learning rate that is set is that of every arm.

    Raises:
        InputError: one is not of the form KEY=VALUE, its value is no YAML, or a part of its key is no mapping.
    """
    content = deepcopy(content)
    for change in changes:
        key, equals, value = change.partition("=")
        *above, last = key.split(".")
        place = content
        for part in above if equals else ():
            place = place.get(part) if isinstance(place, dict) else None
        if not equals or not isinstance(place, dict):
            example = "datasets.jester-fixture.train.epochs=3"
            raise InputError(f"--set {printable(change)}: write KEY=VALUE, with a key that is there, as in {example}")
        place[last] = yaml_value(value, f"--set {printable(change)}")
        if above[:1] == ["datasets"] and [*above[2:], last] == ["train", "learning_rate"]:
            content["datasets"][above[1]].pop("rates", None)  # else an arm's tuned rate would take its place
    return content


def _note_changes(study: StudyConfig, changes: Sequence[str], unchanged: StudyConfig) -> None:
    """Notes the changes, and the datasets whose clips are made otherwise than without them."""
    study._changes = tuple(sorted(changes))

    def made(config: DatasetConfig) -> list[Any]:
        return [config.model, config.data, config.fixture, config.root]

    known = unchanged.datasets
    study._remade = tuple(
        name for name, config in study.datasets.items() if name not in known or made(config) != made(known[name])
    )


def _methods(study: StudyConfig, given: list[str]) -> tuple[str, ...]:
    """The names of the study's methods, each once; systems of Table 2 are small ones beside synthetic clips."""
    tiny = all(map(is_synthetic, study.datasets))
    return tuple(dict.fromkeys(name for one in given for name in method_arms(one, tiny=tiny)))


def _study_yaml(file: Path, root: str | Path | None) -> Any:
    """A study's YAML; where it says `like: OTHER`, its keys replace those of the other study, at every depth.

    A key that is null takes the other study's key out.
    """
    content = read_yaml(file)
    if not isinstance(content, dict) or "like" not in content:
        return content
    base = named_file(
        project_root(root) / "ablations" / "studies", f"study (like: of {file})", str(content.pop("like"))
    )
    return _merged(_study_yaml(base, root), content)


def _merged(base: Any, own: Any) -> Any:
    if not (isinstance(base, dict) and isinstance(own, dict)):
        return own
    both = base | {key: _merged(base.get(key), value) for key, value in own.items()}
    return {key: value for key, value in both.items() if not (key in own and own[key] is None)}


def _check_datasets(study: StudyConfig, where: str) -> None:
    for name, config in study.datasets.items():
        synthetic = is_synthetic(name)
        if synthetic and (config.fixture is None or config.root is not None):
            raise InputError(f"{where}: datasets.{name}: generated clips have a part 'fixture', and no 'root'")
        if not synthetic and config.fixture is not None:
            raise InputError(f"{where}: datasets.{name}: 'fixture' is for generated clips; name it {name}-fixture")


def _checked_variants(study: StudyConfig, where: str, root: str | Path | None) -> tuple[VariantConfig, ...]:
    names: dict[str, str] = {}  # by which runs lie in folders and tables have rows
    found = []
    for given in study.variants:
        variant = load_variant(given, root, f"variant (of {where})")
        name = variant.name
        if name in names:
            raise InputError(f"{where}: variants: {names[name]} and {given} are both named '{name}'; rename one")
        if reading_variants().get(name, variant) != variant:
            raise InputError(f"{where}: variants: {given} has the name of a reading, '{name}'; rename it")
        if name in METHOD_ARMS or not variant.is_lcr:
            raise InputError(f"{where}: variants: {given} is no variant of LCR; name it under 'methods'")
        if name == FULL and variant.model_dump(include={"model", "train", "protocol"}, exclude_defaults=True):
            raise InputError(f"{where}: variants: {given} changes something and is named '{FULL}'; rename it")
        names[name] = given
        found.append(variant)
    if FULL not in names:
        raise InputError(f"{where}: variants: '{FULL}' is missing, which the others are compared with; add it")
    return tuple(found)


def _check_readings(study: StudyConfig, where: str) -> None:
    if study.readings is None:
        return
    if study.readings.dataset not in study.datasets:
        raise unknown(f"readings dataset in {where}", study.readings.dataset, study.datasets)
    for seed in study.readings.seeds:
        if seed not in study.seeds:
            raise InputError(f"{where}: readings.seeds has {seed}, which is none of the study's seeds to pair it with")
    for name in study.readings.readings or ():
        if name not in reading_variants():
            raise unknown(f"reading in {where}", name, reading_variants())


def _with_real_data(study: StudyConfig, name: str, folder: str) -> StudyConfig:
    if name not in FORMATS:
        raise unknown("real dataset", name, FORMATS)
    datasets = {}
    for key, dataset in study.datasets.items():
        mine = dataset_format(key) == name
        datasets[name if mine else key] = (
            dataset.model_copy(update={"root": str(folder), "fixture": None}) if mine else dataset
        )
    if name not in datasets:
        raise InputError(f"study '{study.name}' has no {name} part for the clips in {folder}")

    def renamed(dataset: str) -> str:
        return name if dataset_format(dataset) == name else dataset

    readings = study.readings and study.readings.model_copy(update={"dataset": renamed(study.readings.dataset)})
    return study.model_copy(update={"datasets": datasets, "table2": renamed(study.table2), "readings": readings})
