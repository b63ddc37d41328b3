"""Verification: published numbers against the files behind them, which are hashed, read and computed again.

Tables are made by the makers of `lcr table` (`lcr.study.tables.registry.TABLES`) and compared cell by cell; for the
rest see `lcr.evidence.checks`.
"""

from pathlib import Path

from lcr.config.run import Data, reading_runs, runs_of
from lcr.config.study import StudyConfig
from lcr.evidence.checks import (
    Report,
    check_configuration,
    check_data,
    check_files,
    check_keys,
    check_manifests,
    check_run,
)
from lcr.evidence.hashes import NAME, Hashes, is_reference, manifest_path, study_folder
from lcr.study.store import Store
from lcr.study.tables.frame import Source, Table, read_cells
from lcr.study.tables.registry import TABLES
from lcr.util.errors import InputError
from lcr.util.progress import counting_bar

SHOWN = 5  # differences of one table that are told one by one


def hashed_folder(folder: Path) -> Path:
    """The folder of hashes.json: `folder` itself, or the only reference in it.

    Raises:
        InputError: several references are in it.
    """
    found = sorted(path.parent for path in folder.glob(f"*/{NAME}"))
    if (folder / NAME).is_file() or not found:
        return folder
    if len(found) > 1:
        raise InputError(f"{folder} holds several studies; name one: {', '.join(map(str, found))}")
    return found[0]


def verify(folder: Path, hashes: Hashes, study: StudyConfig) -> Report:
    """Checks results against their hashes.json, their runs, their data manifests and today's sources.

    Args:
        folder: the folder of `hashes`: the results' top, or a reference.

    Raises:
        InputError: the hashes are of another study.
    """
    if study.name != hashes.name:
        raise InputError(f"{folder / NAME} is of study '{hashes.name}', not of '{study.name}'; give its --study")
    own = study_folder(folder, study.name)
    results = folder.parent if is_reference(folder) else folder
    store = Store(results, study.name)
    runs = {run.folder: run for run in (*runs_of(study, results), *reading_runs(study, results))}.values()
    tables = [table for table in TABLES.values() if table.maker and (own / f"{table.name}.csv").is_file()]
    report = Report(f"{len(hashes.files)} files, {len(runs)} runs, {len(tables)} tables")
    with counting_bar(len(hashes.files) + len(runs) + len(tables), f"verifying {folder}") as advance:
        check_files(folder, hashes, report, advance)
        check_configuration(hashes, study, report)
        manifests = check_manifests(folder, hashes, study, report)
        check_keys(own, study, report)
        made_in = {}
        for run in runs:
            made_in[run.dataset] = check_run(run, store, manifests.get(run.dataset), report) or made_in.get(run.dataset)
            advance()
        for dataset, manifest in manifests.items():
            path = manifest_path(folder, study.name, dataset)
            check_data(path, manifest, Data.of(study, dataset), made_in.get(dataset), report)
        for table in tables:
            published = folder / f"{table.name}.csv"
            if own != folder and published.is_file() and published.read_bytes() != (own / published.name).read_bytes():
                report.problems.append(f"{published} is not the study's {own / published.name}")
            check_table(own / published.name, table, Source(study, results, measure=False), report)
            advance()
    for name in TABLES.keys() - {table.name for table in tables}:
        if TABLES[name].maker:
            report.note("not made", own / f"{name}.csv")
    return report


def check_table(path: Path, table: Table, source: Source, report: Report) -> None:
    """A table against its maker, cell by cell."""
    try:
        found, wanted = read_cells(path, table, source.study.given), table.cells(table.make(source))
    except InputError as error:
        report.problems.append(f"{path} cannot be read, or not be made again: {str(error).splitlines()[0]}")
        return
    if len(found) != len(wanted):
        report.problems.append(f"{path} has {len(found)} rows, and {len(wanted)} are computed")
        return
    measured = [column.name for column in table.columns if column.machine]
    if measured:
        report.note(f"{', '.join(measured)}: measured, so only its bytes are checked", path)
    differences = [
        f"{path}, line {line}, {column}: {cell!r} stands, {right!r} is computed"
        for column in table.names
        if column not in measured
        for line, cell, right in zip(found.index, found[column], wanted[column], strict=True)
        if cell != right
    ]
    report.problems += differences[:SHOWN]
    if len(differences) > SHOWN:
        report.problems.append(f"{path}: and {len(differences) - SHOWN} more cells")
