"""Are published numbers what the runs behind them say? Everything is hashed, read and computed anew.

Tables are made by the very makers of `lcr table` (`lcr.study.tables.registry.TABLES`) and compared cell by cell; the
rest is in
`lcr.evidence.checks`.
"""

from pathlib import Path

from lcr.config.study import StudyConfig, load_study
from lcr.config.variant import VariantConfig
from lcr.evidence.checks import Report, check_configuration, check_files, check_keys, check_manifests, check_run
from lcr.evidence.hashes import NAME, read_hashes
from lcr.study.tables.registry import TABLES, Source, Table
from lcr.study.tables.rows import Row, read_rows
from lcr.util.errors import InputError
from lcr.util.progress import counting_bar

SHOWN = 5  # differences of one table that are told one by one


def verify(folder: str | Path, study: str | None = None, root: str | Path | None = None) -> Report:
    """Checks a results folder against its hashes.json, its runs, its data manifests and today's sources.

    Args:
        folder: results/, or a copy of it such as results/reference.
        study: the study, by name or YAML file; the one that hashes.json names if not given.

    Raises:
        InputError: there is no hashes.json, or no such study.
    """
    folder = Path(folder)
    report = Report()
    try:
        hashes = read_hashes(folder)
    except ValueError as error:
        report.problems.append(str(error))
        return report
    recorded = hashes.configuration["study"]["datasets"]
    roots = {name: told["root"] for name, told in recorded.items() if told.get("root")}
    config = load_study(study or hashes.study, roots, root)
    if config.name != hashes.name:
        raise InputError(f"{folder / NAME} is of study '{hashes.name}', not of '{config.name}'; give its --study")
    runs = [
        (dataset, variant, seed)
        for dataset, variants, seeds in _parts(config, root)
        for variant in variants
        for seed in seeds
    ]
    tables = [name for name in TABLES if (folder / config.name / f"{name}.csv").is_file()]
    with counting_bar(len(hashes.files) + len(runs) + len(tables), f"verifying {folder}") as advance:
        check_files(folder, hashes, report, advance)
        check_configuration(hashes, config, root, report)
        manifests = check_manifests(folder, hashes, config, report)
        check_keys(folder, config, root, report)
        for dataset, variant, seed in runs:
            check_run(folder, config, dataset, variant, seed, manifests.get(dataset), report)
            advance()
        for name in tables:
            _check_table(folder, config, name, root, report)
            advance()
    for name in TABLES:
        if name not in tables:
            report.note("not made", folder / config.name / f"{name}.csv")
    return report


def _parts(study: StudyConfig, root: str | Path | None) -> list[tuple[str, list[VariantConfig], tuple[int, ...]]]:
    """Dataset, variants and seeds of the study's runs, readings included."""
    variants = list(study.variant_configs)
    parts = [(dataset, variants, study.seeds) for dataset in study.datasets]
    if study.readings is not None:
        parts.append((study.readings.dataset, list(study.reading_variants().values()), study.readings.seeds))
    return parts


def _check_table(folder: Path, study: StudyConfig, name: str, root: str | Path | None, report: Report) -> None:
    """A table against its maker, cell by cell, and its published copy against it."""
    path = folder / study.name / f"{name}.csv"
    report.tables += 1
    published = folder / path.name
    if published.is_file() and published.read_bytes() != path.read_bytes():
        report.problems.append(f"{published} is not the study's {path}")
    try:
        wanted, found = TABLES[name].make(Source(study, folder, root, measure=False)), read_rows(path)
    except (InputError, ValueError, KeyError, TypeError, AttributeError) as error:  # the latter: of a damaged run.json
        report.problems.append(f"{path} cannot be read, or not be made anew: {str(error).splitlines()[0]}")
        return
    differences = _cells(TABLES[name], found, wanted)
    if TABLES[name].machine:
        report.note(f"{', '.join(TABLES[name].machine)}: measured, so only its bytes are checked", path)
    if not differences and path.read_text(encoding="utf-8").splitlines()[0] != ",".join(TABLES[name].columns):
        differences = ["its columns are not those of the table"]
    report.problems += [f"{path}, {text}" for text in differences[:SHOWN]]
    if len(differences) > SHOWN:
        report.problems.append(f"{path}: and {len(differences) - SHOWN} more cells")


def _cells(table: Table, found: list[Row], wanted: list[Row]) -> list[str]:
    """The cells that differ, each in words; line numbers are those of the file."""
    if len(found) != len(wanted):
        return [f"{len(found)} rows stand, {len(wanted)} are computed"]
    return [
        f"line {line}, {column}: {row.get(column)!r} stands, {right.get(column, '')!r} is computed"
        for line, (row, right) in enumerate(zip(found, wanted, strict=True), 2)
        for column in table.columns
        if column not in table.machine and (row.get(column) or "") != right.get(column, "")
    ]
