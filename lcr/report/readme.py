"""The pages made from a finished study: results/README.md with its HTML twin, and the result block of README.md.

Each page gives the answer in ten lines first, then the tables, figures and claims that it follows from.
"""

import re
from base64 import b64encode
from collections.abc import Iterable
from itertools import product, zip_longest
from pathlib import Path

import pandas as pd

from lcr.config.datasets import dataset_format
from lcr.config.record import RunRecord
from lcr.config.variant import FULL, METHOD_ARMS
from lcr.cost.table1 import table1 as printed_table1
from lcr.paper.facts import table2 as printed_table2
from lcr.report.answer import READ, Tables, answer, by_group, verdict_counts
from lcr.report.finished import Finished
from lcr.report.notebooks import NOTEBOOKS
from lcr.study.claims.claim import HYPOTHESIS
from lcr.study.claims.table import CLAIMS
from lcr.study.claims.verdicts import CONTRADICTED, VERDICTS
from lcr.study.tables.markdown import markdown
from lcr.study.tables.readings import reading_keys
from lcr.study.tables.registry import TABLES
from lcr.study.tables.table1 import DEFAULT
from lcr.study.tables.whole import require_rows, require_runs
from lcr.util.errors import InputError, Mismatch
from lcr.util.files import atomic_write

SHOWN = ("table1", "table2", "ablations", "temporal")
UNCERTAINTY = (
    "Uncertainty: brackets are 95% intervals over seeds and clips. Differences are variant minus full in percentage "
    "points, paired by seed and clip. p is about the evaluated clips alone."
)
# No script and no request; a reference's page shows the figures that lie beside it.
POLICY = (
    '<meta http-equiv="Content-Security-Policy" '
    "content=\"default-src 'none'; img-src data: 'self' file:; style-src 'unsafe-inline'\">"
)
CSS = (
    "body{font:15px/1.5 system-ui,sans-serif;color:#222;max-width:64rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse;font-size:12px;display:block;overflow-x:auto}"
    "th,td{border:1px solid #ccc;padding:.25rem .5rem;text-align:left}img{max-width:100%}"
)
BEGIN, END = "<!-- `lcr report readme --write` makes the lines below -->\n", "<!-- end of the made lines -->\n"


def readme(study: str, tables: Tables, classes: int, machines: str, draws: str = "") -> str:
    """The whole page, with links relative to the folder of the tables.

    Args:
        tables: frames by the name of their table, all of `READ`.
        classes: of Table 2's dataset.
        machines: in words, the libraries and processors that the runs were trained on.
        draws: in words, whether intervals cover new training sets.
    """
    shown = {name: tables[name] for name in SHOWN} | {"table1": tables["table1"].query("reading == @DEFAULT")}
    floors = sorted({f"{floor:.4g}" for floor in tables["ablations"].p_floor.dropna()})
    parts = [
        f"# Which part of LCR matters? Study `{study}`",
        "`lcr answer` makes this page from the tables beside it; each sentence follows from their numbers.",
        "\n".join(f"{number}. {sentence.text}" for number, sentence in enumerate(answer(tables, classes), 1)),
        UNCERTAINTY + draws + (f" With these seeds no p-value is below {', '.join(floors)}." if floors else ""),
        f"Trained with {machines}.",
        "![Each ablation against the full model](figures/ablations.png)",
        "## The paper's claims",
        "Rows of one cause (one unit, one swap of numbers) and one verdict count once.",
        _verdicts(tables["claims"]),
        "Each claim with its test and its evidence: [claims.csv](claims.csv). Contradicted, by cause:",
        _contradicted(tables["claims"]) or "- none",
        *(
            f"## {TABLES[name].title}\n\n[{name}.csv]({name}.csv)\n\n{markdown(TABLES[name], frame)}"
            for name, frame in shown.items()
        ),
        "## Figures",
        *(
            f"**{notebook.title}** ([notebook](notebooks/{name}.html), [SVG](figures/{name}.svg))\n\n"
            f"![{notebook.title}](figures/{name}.png)"
            for name, notebook in NOTEBOOKS.items()
        ),
    ]
    return "\n\n".join(parts) + "\n"


def _verdicts(claims: pd.DataFrame) -> str:
    """Causes by group and verdict, as a Markdown table."""
    lines = [["", "rows", *VERDICTS], ["---"] * (2 + len(VERDICTS))]
    for title, rows in by_group(claims).items():
        lines.append([title, *map(str, (len(rows), *verdict_counts(rows).values()))])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _contradicted(claims: pd.DataFrame) -> str:
    """The paper's contradicted claims as a list of causes, the rows of each below it."""
    rows = claims[(claims.verdict == CONTRADICTED) & (claims.kind != HYPOTHESIS)]
    lines = []
    for cause, found in rows.groupby("cause", sort=False):
        items = list(found.claim + " (" + found["where"] + "): " + found.why)
        lines += [f"- {items[0]}"] if len(items) == 1 else [f"- `{cause}`", *(f"  - {item}" for item in items)]
    return "\n".join(lines)


def html_page(markdown: str, folder: Path) -> str:
    """A Markdown page as one HTML file for the report, which cannot show Markdown; the file needs nothing beside it.

    PNG images of `folder` are inside it, other images are not. Links to files are left as their text, since those files
    are not. HTML in the Markdown is shown as text, but for the numbers of footnotes.

    Args:
        folder: where the images' relative paths start.
    """
    from markdown_it import MarkdownIt

    body = MarkdownIt("commonmark", {"html": False}).enable("table").render(markdown)
    body = re.sub(r"&lt;sup&gt;(\d+)&lt;/sup&gt;", r"<sup>\1</sup>", body)
    body = re.sub(r'<a href="[^"]*">(.*?)</a>', r"\1", body)
    body = re.sub(
        r'src="(figures/[\w-]+\.png)"',
        lambda link: f'src="data:image/png;base64,{b64encode((folder / link[1]).read_bytes()).decode()}"',
        body,
    )
    title = re.sub("<[^>]+>", "", re.search(r"<h1>(.*?)</h1>|$", body)[1] or "LCR")
    head = f'<meta charset="utf-8">{POLICY}<title>{title}</title><style>{CSS}</style>'
    return f'<!DOCTYPE html>\n<html lang="en"><head>{head}</head>\n<body>\n{body}</body></html>\n'


def write_readme(finished: Finished) -> list[Path]:
    """Writes README.md and, for the report, answer.html beside a study's tables; returns their paths.

    Raises:
        InputError: a table or a figure is missing, a table is damaged or lacks a row, or a page cannot be written.
    """
    tables = {name: finished.table(name) for name in READ}
    _check_whole(finished, tables)
    table2 = tables["table2"]
    classes = finished.classes(table2.dataset[table2.variant == FULL].item())
    records = _records(finished)
    text = readme(finished.study, tables, len(classes), machines(records), training_draws(records))
    for name in NOTEBOOKS:
        if not (finished.folder / "figures" / f"{name}.png").is_file():
            raise InputError(f"no {finished.folder}/figures/{name}.png; run notebooks/{name}.ipynb first, or snakemake")
    pages = {"README.md": text, "answer.html": html_page(text, finished.folder)}
    for name, content in pages.items():
        with atomic_write(finished.folder / name) as aside:
            aside.write_text(content, encoding="utf-8")
    return [finished.folder / name for name in pages]


def _check_whole(finished: Finished, tables: Tables) -> None:
    """Refuses tables that lack a row of a run, of the paper's tables or of the registers.

    Raises:
        InputError: names the table and the row.
    """
    measured = tables["table2"].query("source == 'measured'")
    of_runs = {name: tables[name] for name in ("ablations", "statistics", "temporal")}
    runs = pd.concat([*of_runs.values(), measured])
    datasets, variants = runs.dataset.unique(), dict.fromkeys([FULL, *runs.variant])
    for name, frame in of_runs.items():
        require_runs(finished.path(name), frame, product(datasets, variants), TABLES[name].again(finished.study))
    models = [one.name for one in printed_table1()]
    ablations = [name for name in variants if name != FULL and name not in METHOD_ARMS]
    hypotheses = product(["hypothesis"], ablations, map(dataset_format, datasets))
    of_models = product([f"table1-{name}" for name in models], ("settings", "params", "flops"))
    cells = [(f"Table 2, {one.pop('method')}", *one.values()) for one in map(dict, printed_table2())]
    wanted = [
        ("table1", ["model", "reading"], product(models, [DEFAULT])),
        ("table2", ["source", "method"], [("published", one["method"]) for one in printed_table2()]),
        ("table2", ["dataset", "variant"], product(sorted({*measured.dataset}) or ["measured"], variants)),
        ("readings", ["discrepancy", "reading"], reading_keys()),
        ("claims", ["id"], [*((one.id,) for one in CLAIMS), *(("-".join(key),) for key in (*hypotheses, *of_models))]),
        ("claims", ["where", "published"], [(where, cell) for where, *row in cells for cell in row if cell]),
    ]
    for name, columns, keys in wanted:
        require_rows(finished.path(name), tables[name], columns, keys, TABLES[name].again(finished.study))


def result_block(finished: Finished, folder: str) -> str:
    """README's block in Markdown: the answer, Table 2 and the training times.

    Args:
        folder: the study's folder as a link from README.

    Raises:
        InputError: a table or a run's record is missing or damaged.
    """
    tables = {name: finished.table(name) for name in READ}
    classes = finished.classes(tables["table2"].dataset.iloc[-1])
    parts = (
        "\n".join(f"- {sentence.text}" for sentence in answer(tables, len(classes))),
        markdown(TABLES["table2"], tables["table2"]),
        _training(finished),
        f"![Each variant's accuracy, and its difference from the full model]({folder}/figures/ablations.png)",
        f"More tables, figures, and the claims that are contradicted: [{folder}/README.md]({folder}/README.md).\n",
    )
    return "\n\n".join(parts)


def _records(finished: Finished) -> list[RunRecord]:
    return [finished.store.record(*run) for run in finished.store.runs()]


def machines(records: Iterable[RunRecord]) -> str:
    """In words, the version of torch, the processors and the instruction sets that runs were trained on."""
    makers = (made for record in records for made in (record.trained, *record.trained.earlier))
    found = {f"torch {made.versions.get('torch')} on {made.hardware.cpu} ({made.hardware.simd})" for made in makers}
    return " and ".join(sorted(found))


def training_draws(records: Iterable[RunRecord]) -> str:
    """A sentence on the training clips of the seeds: whether intervals cover new training sets."""
    trained = (record.config.get("train", {}) for record in records)
    if all(train.get("draw_share", 1.0) < 1 for train in trained):
        return " Each seed trains on its own draw of the training clips, so intervals cover new training sets too."
    return " Seeds share their training clips, so intervals do not cover new training sets."


def _training(finished: Finished) -> str:
    """Runs, seconds and machine, from the runs' records."""
    records = _records(finished)
    total = sum(record.train_seconds or 0 for record in records)
    return (
        f"{len(records)} trainings took {total / 60:.0f} min, {total / len(records):.0f} s on average: "
        f"{machines(records)}."
    )


def compare_block(file: Path, block: str, *, write: bool = False) -> None:
    """Compares README's block with `block`, or puts `block` in its place in one atomic write.

    Raises:
        Mismatch: they differ; the first such line is named.
        InputError: the file cannot be read or written, or lacks a comment.
    """
    try:
        before, begin, rest = file.read_text(encoding="utf-8").partition(BEGIN)
    except OSError as error:
        raise InputError(f"cannot read {file}: {error.strerror}") from error
    shown, end, after = rest.partition(END)
    if not end:
        raise InputError(f"{file} has no lines {BEGIN.strip()} and {END.strip()}")
    if write:
        with atomic_write(file) as aside:
            aside.write_text(f"{before}{begin}{block}{end}{after}", encoding="utf-8")
        return
    pairs = zip_longest(shown.splitlines(), block.splitlines(), fillvalue="")
    for line, (old, new) in enumerate(pairs, before.count("\n") + 2):
        if old != new:
            raise Mismatch(f"{file}, line {line} is\n{old}\nby the reference\n{new}\n(lcr report readme --write)")
