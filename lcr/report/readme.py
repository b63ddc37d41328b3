"""results/README.md: the answer in ten lines, then the tables, figures and claims that it follows from."""

from collections.abc import Iterable, Iterator
from itertools import product
from pathlib import Path

import pandas as pd

from lcr.config.datasets import dataset_format
from lcr.config.study import FULL
from lcr.cost.table1 import table1 as printed_table1
from lcr.report.answer import READ, Tables, answer, of_the_paper, verdict_counts
from lcr.report.finished import Finished
from lcr.report.notebooks import NOTEBOOKS
from lcr.report.page import html_page
from lcr.study.claims.printed import table2 as printed_table2
from lcr.study.claims.table import CLAIMS
from lcr.study.claims.verdicts import CONTRADICTED
from lcr.study.predictions import CONDITIONS
from lcr.study.tables.markdown import markdown
from lcr.study.tables.readings import reading_keys
from lcr.study.tables.registry import TABLES
from lcr.study.tables.table1 import DEFAULT
from lcr.util.errors import InputError
from lcr.util.files import write_aside

SHOWN = ("table2", "ablations", "temporal", "table1")
UNCERTAINTY = (
    "Uncertainty: brackets are 95% intervals over seeds and clips. Differences are variant minus full in percentage "
    "points, paired by seed and clip. p is about the evaluated clips alone."
)


def readme(study: str, tables: Tables, classes: int) -> str:
    """The whole page, with links relative to the folder of the tables.

    Args:
        tables: frames by the name of their table, all of `READ`.
        classes: of Table 2's dataset.
    """
    numbered = [f"{number}. {sentence.text}" for number, sentence in enumerate(answer(tables, classes), 1)]
    table1 = tables["table1"]
    floors = sorted({f"{floor:.4g}" for floor in tables["ablations"].p_floor_holm.dropna()})
    parts = [
        f"# Which part of LCR matters? Study `{study}`",
        "`lcr answer` makes this page from the tables beside it; each sentence follows from their numbers.",
        "\n".join(numbered),
        f"{UNCERTAINTY} With these seeds no p-value is below {', '.join(floors)}." if floors else UNCERTAINTY,
        "![Each ablation against the full model](figures/ablations.png)",
        *_ledger(tables["claims"]),
    ]
    for name, frame in (tables | {"table1": table1[table1.reading == DEFAULT]}).items():
        if name in SHOWN:
            parts += [f"## {TABLES[name].title}", f"[{name}.csv]({name}.csv)", markdown(TABLES[name], frame)]
    parts.append("## Figures")
    for name, notebook in NOTEBOOKS.items():
        parts.append(f"**{notebook.title}** ([notebook](notebooks/{name}.html), [SVG](figures/{name}.svg))")
        parts.append(f"![{notebook.title}](figures/{name}.png)")
    return "\n\n".join(parts) + "\n"


def _ledger(claims: pd.DataFrame) -> Iterator[str]:
    papers = of_the_paper(claims)
    counts = verdict_counts(papers)
    yield "## The paper's claims"
    cells = (counts, ["---"] * len(counts), map(str, counts.values()))
    yield "\n".join(f"| {' | '.join(line)} |" for line in cells)
    yield "Each claim with its test and its evidence: [claims.csv](claims.csv). Contradicted claims:"
    contradicted = papers[papers.verdict == CONTRADICTED]
    lines = "- " + contradicted.claim + " (" + contradicted["where"] + "): " + contradicted.why
    yield "\n".join(lines) or "- none"


def write_readme(finished: Finished) -> list[Path]:
    """Writes README.md and, for the report, answer.html beside a study's tables; returns their paths.

    Raises:
        InputError: a table or a figure is missing, a table is damaged or lacks a row, or a page cannot be written.
    """
    tables = {name: finished.table(name) for name in READ}
    _check_whole(finished, tables)
    table2 = tables["table2"]
    text = readme(finished.study, tables, len(finished.classes(table2.dataset[table2.variant == FULL].item())))
    for name in NOTEBOOKS:
        if not (finished.folder / "figures" / f"{name}.png").is_file():
            raise InputError(f"no {finished.folder}/figures/{name}.png; run notebooks/{name}.ipynb first, or snakemake")
    paths = [finished.folder / "README.md", finished.folder / "answer.html"]
    for path, content in zip(paths, (text, html_page(text, finished.folder)), strict=True):
        with write_aside(path) as aside:
            aside.write_text(content, encoding="utf-8")
    return paths


def _check_whole(finished: Finished, tables: Tables) -> None:
    """Refuses tables that lack a row of a run, of the paper's tables or of the registers.

    Raises:
        InputError: names the table and the row.
    """
    table2, paired = tables["table2"], tables["temporal"]
    measured = table2[table2.source == "measured"]
    runs = pd.concat([tables["ablations"], tables["statistics"], paired, measured])
    datasets, variants = runs.dataset.unique(), dict.fromkeys([FULL, *runs.variant])
    with_pairs = set(paired.dataset[paired.condition != ""])
    arms = list(product(datasets, variants))
    times = [(*arm, time) for arm in arms for time in (CONDITIONS if arm[0] in with_pairs else ("",))]
    of_table2 = product(measured.dataset.unique() if len(measured) else ["measured"], variants)

    def need(name: str, columns: list[str], wanted: Iterable[tuple[str, ...]]) -> None:
        found = set(tables[name][columns].itertuples(index=False, name=None))
        if lacking := ["/".join(filter(None, key)) for key in wanted if key not in found]:
            more = f" and {len(lacking) - 1} rows more" if lacking[1:] else ""
            again = TABLES[name].again(finished.study)
            raise InputError(f"{finished.path(name)} lacks the row of {lacking[0]}{more}; {again}")

    need("ablations", ["dataset", "variant"], arms)
    need("statistics", ["dataset", "variant"], arms)
    need("temporal", ["dataset", "variant", "condition"], times)
    need("table1", ["model", "reading"], [(one.name, DEFAULT) for one in printed_table1()])
    need("table2", ["source", "method"], [("published", one["method"]) for one in printed_table2()])
    need("table2", ["dataset", "variant"], of_table2)
    need("readings", ["discrepancy", "reading"], reading_keys())
    hypotheses = product([name for name in variants if name != FULL], map(dataset_format, datasets))
    table1 = product([f"table1-{one.name}" for one in printed_table1()], ("settings", "params", "flops"))
    ids = [one.id for one in CLAIMS] + ["-".join(("hypothesis", *one)) for one in hypotheses]
    need("claims", ["id"], [(one,) for one in (*ids, *map("-".join, table1))])
    cells = [(f"Table 2, {one.pop('method')}", *one.values()) for one in map(dict, printed_table2())]
    need("claims", ["where", "published"], [(where, cell) for where, *row in cells for cell in row if cell])
