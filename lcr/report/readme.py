"""results/README.md: the answer in ten lines, then tables, figures and the ledger that it follows from."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from pathlib import Path

from lcr.config.study import FULL
from lcr.cost.table1 import table1 as printed_table1
from lcr.report.answer import Tables, answer_lines, of_the_paper
from lcr.report.finished import Finished
from lcr.report.notebooks import NOTEBOOKS
from lcr.report.page import html_page
from lcr.study.claims.ledger import table2 as printed_table2
from lcr.study.claims.table import claim_ids
from lcr.study.claims.verdicts import CONTRADICTED, VERDICTS
from lcr.study.tables.readings import reading_keys
from lcr.study.tables.registry import markdown
from lcr.study.tables.rows import Row
from lcr.study.tables.table1 import DEFAULT
from lcr.study.tables.whole import Key, require, require_runs, runs_of
from lcr.util.errors import InputError
from lcr.util.files import write_aside

SHOWN = {
    "table2": "Table 2: published and measured",
    "ablations": "Ablations on every dataset",
    "temporal": "Does the model see time?",
}

OF_RUNS = ("ablations", "statistics", "temporal")  # tables of every dataset and variant


def readme(study: str, tables: Tables, classes: int) -> str:
    """The whole page, with links relative to the folder of the tables.

    Args:
        tables: rows by the name of their table; `table2`, `ablations` and `temporal` at least.
        classes: of Table 2's dataset.
    """
    numbered = [f"{number}. {line}" for number, line in enumerate(answer_lines(tables, classes), 1)]
    parts = [
        f"# Which part of LCR matters? Study `{study}`",
        "Made by `lcr answer` from the tables beside it; every sentence follows from their numbers.",
        "\n".join(numbered),
        _how_sure(tables["ablations"]),
        "![Each ablation against the full model](figures/ablations.png)",
        *_ledger(tables.get("claims", ())),
    ]
    for name, title in SHOWN.items():
        parts += [f"## {title}", f"[{name}.csv]({name}.csv)", markdown(name, tables[name])]
    parts += _table1(tables.get("table1", ()))
    parts += ["## Figures", *_figures()]
    return "\n\n".join(parts) + "\n"


def _how_sure(ablations: Sequence[Row]) -> str:
    floors = {row["p_floor_holm"] for row in ablations if row.get("p_floor_holm")}
    least = f" With these seeds no p-value can be below {' or '.join(sorted(floors))}." if floors else ""
    return (
        "How sure: brackets are 95% intervals over seeds and clips, differences are variant minus full in percentage "
        f"points, paired; p speaks of the evaluated clips alone.{least}"
    )


def _ledger(claims: Sequence[Row]) -> Iterator[str]:
    if not claims:
        return
    papers = of_the_paper(claims)
    counts = Counter(row["verdict"] for row in papers)
    yield "## The paper's claims"
    yield _table(VERDICTS, [[str(counts[verdict]) for verdict in VERDICTS]])
    yield (
        "Every claim with its test and its evidence, and the hypotheses of the ablations: [claims.csv](claims.csv). "
        "Those that fall:"
    )
    fallen = [row for row in papers if row["verdict"] == CONTRADICTED]
    yield "\n".join(f"- {row['claim']} ({row['where']}): {row['why']}" for row in fallen) or "- none"


def _table1(rows: Sequence[Row]) -> Iterator[str]:
    rows = [row for row in rows if row["reading"] == DEFAULT]
    if not rows:
        return
    heads = {
        "model": "Model",
        "params_m_published": "Parameters (M), published",
        "params_m": "counted",
        "params_error_pct": "off by (%)",
        "flops_t_published": "FLOPs (T), published",
        "gmacs": "Multiply-adds (G), counted",
        "gflops": "FLOPs (G), counted",
        "flops_error_pct": "off by (%)",
    }
    yield "## Table 1: published and counted"
    yield "As the text is read here; under every other reading that counts otherwise: [table1.csv](table1.csv)"
    yield _table(list(heads.values()), [[row[column] for column in heads] for row in rows])


def _table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    return "\n".join("| " + " | ".join(line) + " |" for line in (head, ["---"] * len(head), *lines))


def _figures() -> Iterator[str]:
    for name, notebook in NOTEBOOKS.items():
        title = notebook.title
        yield f"**{title}** ([notebook](notebooks/{name}.html), [SVG](figures/{name}.svg))"
        yield f"![{title}](figures/{name}.png)"


def write_readme(finished: Finished, names: Sequence[str]) -> list[Path]:
    """Writes README.md and, for the report, answer.html beside a study's tables; returns their paths.

    Args:
        names: the tables that it is made from.

    Raises:
        InputError: one of them or a figure is not made, one is damaged or lacks a row, or the place cannot be written
            to.
    """
    tables = {name: finished.rows(name) for name in names}
    _check_whole(finished, tables)
    full = next(row for row in tables["table2"] if row["variant"] == FULL)
    text = readme(finished.study, tables, len(finished.classes(full["dataset"])))
    for name in NOTEBOOKS:
        if not (finished.folder / "figures" / f"{name}.png").is_file():
            raise InputError(f"no {finished.folder}/figures/{name}.png; run notebooks/{name}.ipynb first, or snakemake")
    paths = [finished.folder / "README.md", finished.folder / "answer.html"]
    for path, content in zip(paths, (text, html_page(text, finished.folder)), strict=True):
        with write_aside(path) as aside:
            aside.write_text(content, encoding="utf-8")
    return paths


def _check_whole(finished: Finished, tables: Tables) -> None:
    """Refuses tables of which one has fewer runs than another, or lacks what is in the paper or its register.

    Raises:
        InputError: names the table and the row.
    """
    measured = [row for row in tables["table2"] if row["source"] == "measured"]
    runs = runs_of(row for rows in (*(tables[name] for name in OF_RUNS), measured) for row in rows)
    datasets, variants = dict.fromkeys(dataset for dataset, _ in runs), dict.fromkeys([FULL, *(one for _, one in runs)])
    for name in OF_RUNS:
        redo = f"{finished.redo(name)}, or the other tables, if that run is no longer part of the study"
        require_runs(finished.path(name), tables[name], product(datasets, variants), redo)
    of_table2 = dict.fromkeys(row["dataset"] for row in measured) or ["measured"]  # of none: its name is not known

    def need(name: str, columns: Sequence[str], wanted: Iterable[Key], rows: Sequence[Row]) -> None:
        found = (tuple(row[column] for column in columns) for row in rows)
        require(finished.path(name), found, wanted, finished.redo(name))

    need("table1", ("model", "reading"), ((one.name, DEFAULT) for one in printed_table1()), tables["table1"])
    need("table2", ("source", "method"), (("published", one["method"]) for one in printed_table2()), tables["table2"])
    need("table2", ("dataset", "variant"), product(of_table2, variants), measured)
    need("readings", ("discrepancy", "reading"), reading_keys(), tables["readings"])
    need("claims", ("id",), ((one,) for one in claim_ids(datasets, variants)), tables["claims"])
