"""The Machine Learning Reproducibility Checklist (v2.0, Pineau et al.), answered from the study's files with links.

An answer that the files do not bear out is "no", with the reason.
"""

from typing import NamedTuple

from lcr.config.datasets import is_synthetic
from lcr.evidence.bundle.facts import Facts

YES, NO, NONE = "yes", "no", "does not apply"


class Answer(NamedTuple):
    """One item. links: paths in the bundle that bear the answer out."""

    item: str
    answer: str
    why: str
    links: tuple[str, ...] = ()


def answers(facts: Facts) -> dict[str, list[Answer]]:
    """All items by their headings, in the checklist's order."""
    return {
        "For all models and algorithms": _models(facts),
        "For any theoretical claim": [
            Answer("A clear statement of the claim", NONE, "no theorem is claimed"),
            Answer("A complete proof of the claim", NONE, "no theorem is claimed"),
        ],
        "For all datasets used": _datasets(facts),
        "For all shared code": _code(facts),
        "For all reported experimental results": _results(facts),
    }


def checklist(facts: Facts) -> str:
    """The checklist in Markdown."""
    lines = [f"# The ML reproducibility checklist, for the study `{facts.study}`", "Answered from the files named."]
    for heading, items in answers(facts).items():
        lines.append(f"## {heading}")
        lines.append("| Item | | Why | Where |\n|---|---|---|---|\n" + "\n".join(map(_line, items)))
    return "\n\n".join(lines) + "\n"


def _line(one: Answer) -> str:
    links = ", ".join(f"[{link}]({link})" for link in one.links) or "–"
    return f"| {one.item} | **{one.answer}** | {one.why} | {links} |"


def _run(facts: Facts) -> str:
    """The record of the first run, as an example."""
    folder = next(iter(facts.folders.values()))[0]
    return f"{folder.relative_to(facts.finished.folder).as_posix()}/run.json"


def _models(facts: Facts) -> list[Answer]:
    cards = tuple(f"model-cards/{variant.name}.md" for variant in facts.variants)
    return [
        Answer("A clear description of the model", YES, "a card for each; the equations are the paper's", cards),
        Answer("A clear explanation of any assumptions", YES, "the readings used, in each run's file", (_run(facts),)),
        Answer(
            "An analysis of the complexity (time, space, sample size)",
            YES,
            "parameters and multiply-adds counted by component; what this many seeds and clips can show",
            ("cost.csv", "statistics.csv"),
        ),
    ]


def _datasets(facts: Facts) -> list[Answer]:
    sizes, excluded = [], []
    for name, manifest in facts.manifests.items():
        usable = {split: len(manifest.rows(split)) for split in ("train", "validation")}
        sizes.append(f"{name}: {usable['train']} train, {usable['validation']} validation clips")
        excluded.append(f"{name}: {len(manifest.rows(usable=False)) - len(manifest.rows())} unusable")
    described = tuple(f"manifests/{name}.croissant.json" for name in facts.manifests)
    drawn = [name for name in facts.datasets if is_synthetic(name)]
    real = [name for name in facts.datasets if not is_synthetic(name)]
    made = f"{', '.join(drawn)} are drawn by `lcr data fixture` from a seed" if drawn else ""
    there = f"{', '.join(real)} are had from their publishers" if real else ""
    return [
        Answer("The relevant statistics, such as number of examples", YES, "; ".join(sizes), described),
        Answer("The details of train / validation / test splits", YES, "column `split` of the manifests", described),
        Answer(
            "An explanation of any data excluded, and all pre-processing steps",
            YES,
            "; ".join(excluded) + "; `config.data` says how frames are sampled, resized and flipped",
            (_run(facts),),
        ),
        Answer(
            "A link to a downloadable version of the dataset or simulation environment",
            NO if real else YES,
            "; ".join(filter(None, (made, there))),
            described,
        ),
        Answer(
            "For new data collected, a complete description of the collection process",
            YES if drawn else NONE,
            "no data were collected; " + (made or "all are published"),
        ),
    ]


def _code(facts: Facts) -> list[Answer]:
    locks = facts.every(lambda record: record["lock_hash"])
    dirty = any(facts.every(lambda record: record["git"]["dirty"]))
    commit = ", ".join(facts.commits) or "unknown"
    code = f"commit {commit}" + (", with changes that were not committed" if dirty else "")
    clean = YES if facts.commits and not dirty else NO
    lock = ", ".join(one or "none" for one in locks)
    command = f"`snakemake --cores all --config study={facts.study}`"
    return [
        Answer(
            "Specification of dependencies", YES if all(locks) else NO, f"SHA-256 of the lock: {lock}", (_run(facts),)
        ),
        Answer("Training code", clean, code, (_run(facts),)),
        Answer("Evaluation code", clean, code, (_run(facts),)),
        Answer("(Pre-)trained models", NO, "no weights are in this bundle; the same command makes them again"),
        Answer("README with a table of results and the precise command", YES, command, ("README.md",)),
    ]


def _results(facts: Facts) -> list[Answer]:
    runs, ablations = len(facts.all_records), sum(map(len, facts.folders.values()))
    seeds = ablations // len(facts.folders)
    others = f", and {runs - ablations} of other readings of the paper" if runs > ablations else ""
    machines = facts.every(lambda record: record["hardware"])
    said = "; ".join(f"{one['cpu']}, {one['cores']} cores, {one['gpu'] or 'no GPU'}" for one in machines)
    hours = runs * facts.mean("train_seconds") / 3600
    return [
        Answer(
            "The range of hyper-parameters, how they were chosen, and all that were used",
            NO,
            "all that were used are recorded; no range was searched in this study",
            (_run(facts),),
        ),
        Answer(
            "The exact number of training and evaluation runs",
            YES,
            f"{runs} of each: {len(facts.datasets)} datasets × {len(facts.variants)} variants × {seeds} seeds{others}",
            ("ablations.csv", *(("readings.csv",) if others else ())),
        ),
        Answer(
            "A clear definition of the statistics used",
            YES,
            "Top-1 and Top-5 over clips, mean over seeds; two-way crossed intervals; exact sign-flip tests with Holm",
            ("statistics.csv", "README.md"),
        ),
        Answer(
            "Central tendency and variation",
            YES,
            "each mean with its 95% interval over seeds and clips",
            ("ablations.csv", "table2.csv"),
        ),
        Answer(
            "The average runtime for each result, or estimated energy cost",
            YES,
            f"{facts.mean('train_seconds'):.0f} s a training, {facts.mean('evaluate_seconds'):.0f} s an evaluation on "
            f"average; {hours:.1f} hours of training in all; energy was not measured",
            (_run(facts),),
        ),
        Answer("A description of the computing infrastructure", YES, said, (_run(facts),)),
    ]
