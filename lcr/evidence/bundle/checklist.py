"""The Machine Learning Reproducibility Checklist (v2.0, Pineau et al.), answered from the study's files with links."""

from lcr.config.datasets import is_synthetic
from lcr.evidence.bundle.facts import Facts

TEMPLATE = """\
# The ML reproducibility checklist, for the study `{study}`

Answered from the files named.

## For all models and algorithms

| Item | | Why | Where |
|---|---|---|---|
| A clear description of the model | **yes** | a card for each; the equations are the paper's | {cards} |
| A clear explanation of any assumptions | **yes** | the readings used, in each run's file | {run} |
| An analysis of the complexity (time, space, sample size) | **yes** | parameters and multiply-adds counted by \
component; detectable differences with these seeds and clips | [cost.csv](cost.csv), [statistics.csv](statistics.csv) |

## For any theoretical claim

| Item | | Why | Where |
|---|---|---|---|
| A clear statement of the claim | **does not apply** | no theorem is claimed | – |
| A complete proof of the claim | **does not apply** | no theorem is claimed | – |

## For all datasets used

| Item | | Why | Where |
|---|---|---|---|
| The relevant statistics, such as number of examples | **yes** | {sizes} | {manifests} |
| The details of train / validation / test splits | **yes** | column `split` of the manifests | {manifests} |
| An explanation of any data excluded, and all pre-processing steps | **yes** | {excluded}; `config.data` says how \
frames are sampled, resized and flipped | {run} |
| A link to a downloadable version of the dataset or simulation environment | **{downloadable}** | {source} | \
{manifests} |
| For new data collected, a complete description of the collection process | **{collected}** | no data were collected; \
{source} | – |

## For all shared code

| Item | | Why | Where |
|---|---|---|---|
| Specification of dependencies | **{locked}** | SHA-256 of the lock: {lock} | {run} |
| Training code | **{clean}** | {code} | {run} |
| Evaluation code | **{clean}** | {code} | {run} |
| (Pre-)trained models | **no** | no weights are in this bundle; the same command makes them again | – |
| README with a table of results and the precise command | **yes** | `snakemake --cores all --config study={study}` | \
[README.md](README.md) |

## For all reported experimental results

| Item | | Why | Where |
|---|---|---|---|
| The range of hyper-parameters, how they were chosen, and all that were used | **no** | all that were used are \
recorded; no range was searched in this study | {run} |
| The exact number of training and evaluation runs | **yes** | {runs} of each: {datasets} datasets × {variants} \
variants × {seeds} seeds{others} | [ablations.csv](ablations.csv), [readings.csv](readings.csv) |
| A clear definition of the statistics used | **yes** | Top-1 and Top-5 over clips, mean over seeds; two-way crossed \
intervals; exact sign-flip tests with Holm | [statistics.csv](statistics.csv), [README.md](README.md) |
| Central tendency and variation | **yes** | each mean with its 95% interval over seeds and clips | \
[ablations.csv](ablations.csv), [table2.csv](table2.csv) |
| The average runtime for each result, or estimated energy cost | **yes** | {train:.0f} s a training, {evaluate:.0f} s \
an evaluation on average; {hours:.1f} hours of training in all; energy was not measured | {run} |
| A description of the computing infrastructure | **yes** | {machines} | {run} |
"""


def checklist(facts: Facts) -> str:
    """The checklist in Markdown; an answer that the files do not support is "no", with the reason."""

    def yes(holds: object) -> str:
        return "yes" if holds else "no"

    real = [name for name in facts.datasets if not is_synthetic(name)]
    synthetic = [name for name in facts.datasets if is_synthetic(name)]
    made = f"{', '.join(synthetic)} are made by `lcr data fixture` from a seed" if synthetic else ""
    there = f"{', '.join(real)} are published by their owners" if real else ""
    locks = facts.every(lambda record: record.lock_hash)
    dirty = any(facts.every(lambda record: record.git.dirty))
    machines = facts.every(lambda record: record.hardware)
    seeds = sum(len(facts.records(row["dataset"], row["variant"])) for row in facts.rows)
    others = len(facts.runs) - seeds
    return TEMPLATE.format(
        study=facts.study,
        cards=_links(f"model-cards/{variant.name}.md" for variant in facts.variants),
        run=_links([facts.link(facts.rows[0]["dataset"], facts.rows[0]["variant"])]),
        manifests=_links(f"manifests/{name}.croissant.json" for name in facts.manifests),
        sizes="; ".join(
            f"{name}: {len(one.rows('train'))} train, {len(one.rows('validation'))} validation clips"
            for name, one in facts.manifests.items()
        ),
        excluded="; ".join(
            f"{name}: {len(one.rows(usable=False)) - len(one.rows())} unusable" for name, one in facts.manifests.items()
        ),
        downloadable=yes(not real),
        collected="yes" if synthetic else "does not apply",
        source="; ".join(filter(None, (made, there))),
        locked=yes(all(locks)),
        lock=", ".join(one or "none" for one in locks),
        clean=yes(facts.commits and not dirty),
        code=f"commit {', '.join(facts.commits) or 'unknown'}" + ", with uncommitted changes" * dirty,
        runs=len(facts.runs),
        datasets=len(facts.datasets),
        variants=len(facts.variants),
        seeds=seeds // len(facts.rows),
        others=f", and {others} of other readings of the paper" if others else "",
        train=facts.mean("train_seconds"),
        evaluate=facts.mean("evaluate_seconds"),
        hours=len(facts.runs) * facts.mean("train_seconds") / 3600,
        machines="; ".join(f"{one['cpu']}, {one['cores']} cores, {one['gpu'] or 'no GPU'}" for one in machines),
    )


def _links(files: object) -> str:
    return ", ".join(f"[{file}]({file})" for file in files)
