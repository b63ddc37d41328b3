"""The bundle's texts, from the records of a study's runs and from its tables.

Model cards are after Mitchell et al. (2019), one a variant. The checklist is the Machine Learning Reproducibility
Checklist (v2.0, Pineau et al.), answered with links.
"""

from collections.abc import Iterable

from lcr.config.datasets import is_synthetic
from lcr.config.made import Made
from lcr.config.variant import VariantConfig
from lcr.evidence.bundle.facts import Facts
from lcr.study.claims.caveats import CAVEATS
from lcr.study.tables.costs import WHOLE

CARD = """\
---
license: apache-2.0
library_name: lcr
pipeline_tag: video-classification
metrics: [accuracy]
tags: [video-recognition, rwkv, ablation, reproduction]
---

# {title}

{kind}, trained in the study `{study}`. {hypothesis}

## Use and limits

For asking which part of the model matters. {limits}Not for recognising people's gestures in earnest: no fairness over \
persons, light or cameras was measured.

## Evaluation

| Dataset | Top-1 (%) | Top-5 (%) | Difference from full (points) | Seeds × clips |
|---|---|---|---|---|
{accuracies}

95% intervals over seeds and clips; differences from the full model are paired. How clips were sampled and scored: \
`protocol` in each run's record.

## Training

{trainings}

## Cost of one view

{costs}

## Environment

{environments}. Code: commit {commits}.

Weights are not in this bundle; the same command makes them again, bit for bit on the same machine: \
`lcr train --study {study} --dataset {dataset} --ablation {name} --seed {seed}`.
"""

ACCURACY_OF_FULL = "| {dataset} | {top1} [{top1_ci_low}, {top1_ci_high}] | {top5} | – | {seeds} × {clips} |"
ACCURACY = ACCURACY_OF_FULL.replace("–", "{delta_top1} [{delta_ci_low}, {delta_ci_high}]")

CHECKLIST = """\
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
intervals; exact joint sign-flip tests of families | [statistics.csv](statistics.csv), [README.md](README.md) |
| Central tendency and variation | **yes** | each mean with its 95% interval over seeds and clips | \
[ablations.csv](ablations.csv), [table2.csv](table2.csv) |
| The average runtime for each result, or estimated energy cost | **yes** | {train:.0f} s a training, {evaluate:.0f} s \
an evaluation on average; {hours:.1f} hours of training in all; energy was not measured | {run} |
| A description of the computing infrastructure | **yes** | {machines} | {run} |
"""


OF_LCR = "A variant of LCR, the model of *Video RWKV* (arXiv 2411.05636), which changes: {component}"
BESIDE_LCR = "A floor or ceiling beside LCR, the model of *Video RWKV* (arXiv 2411.05636)"


def model_card(facts: Facts, variant: VariantConfig) -> str:
    """The card of one variant, in Markdown, with links relative to the folder `model-cards/`."""
    rows = [row | {"top5": row["top5"] or "–"} for row in facts.rows if row["variant"] == variant.name]
    synthetic = ", ".join(row["dataset"] for row in rows if is_synthetic(row["dataset"]))
    said = "are synthetic: they are not the paper's data, and the accuracies say nothing about real video."
    records = [record for row in rows for record in facts.records(row["dataset"], variant.name)]
    return CARD.format(
        name=variant.name,
        title=variant.title,
        study=facts.finished.study,
        kind=OF_LCR.format(component=variant.component) if variant.is_lcr else BESIDE_LCR,
        hypothesis=f"Hypothesis: {variant.hypothesis}" if variant.is_lcr else variant.hypothesis,
        limits=(f"The clips of {synthetic} {said} " if synthetic else "")
        + (f"Mind: {CAVEATS[variant.name]}. " if variant.name in CAVEATS else ""),
        accuracies="\n".join((ACCURACY if row["delta_top1"] else ACCURACY_OF_FULL).format(**row) for row in rows),
        trainings="\n".join(_training(facts, row["dataset"], variant.name) for row in rows),
        costs="\n".join(_cost(facts, row["dataset"], variant.name) for row in rows),
        environments="; ".join(dict.fromkeys(_environment(made) for record in records for made in record.makers)),
        commits=", ".join(facts.commits) or "unknown",
        dataset=rows[0]["dataset"],
        seed=records[0].seed,
    )


def _environment(made: Made) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in made.versions.items())
    return f"{_machine(made)}; {made.threads} thread(s) a run; {versions}"


def _machine(made: Made) -> str:
    machine = made.hardware
    return f"{machine.cpu} ({machine.simd}), {machine.cores} cores, {machine.gpu or 'no GPU'}"


def _training(facts: Facts, dataset: str, variant: str) -> str:
    records = facts.records(dataset, variant)
    recipe = ", ".join(f"{name} {value}" for name, value in records[0].config["train"].items())
    return (
        f"- {dataset}: {records[0].clips['train']} clips, {records[0].steps} steps, "
        f"{facts.mean('train_seconds', records):.0f} s on average over {len(records)} seeds ({recipe}). All settings: "
        f"[the first seed's record](../{facts.link(dataset, variant)})."
    )


def _cost(facts: Facts, dataset: str, variant: str) -> str:
    for row in facts.finished.table("cost").to_dict("records"):
        if (row["dataset"], row["variant"], row["component"]) == (dataset, variant, WHOLE):
            memory = f", {row['peak_mem_gb']:.4g} GB at most" if row["peak_mem_gb"] >= 0 else ""  # NaN: not measured
            return f"- {dataset}: {row['params']:,} parameters, {row['macs']:,} multiply-adds{memory}."
    return f"- {dataset}: not counted."


def checklist(facts: Facts) -> str:
    """The checklist in Markdown; an answer that the files do not support is "no", with the reason."""
    real = ", ".join(name for name in facts.manifests if not is_synthetic(name))
    synthetic = ", ".join(name for name in facts.manifests if is_synthetic(name))
    made = synthetic and f"{synthetic} are made by `lcr data fixture` from a seed"
    there = real and f"{real} are published by their owners"
    locks = dict.fromkeys(made.lock_hash for made in facts.makers)
    dirty = any(made.git.dirty for made in facts.makers)
    own = sum(len(facts.records(row["dataset"], row["variant"])) for row in facts.rows)
    others = len(facts.runs) - own
    return CHECKLIST.format(
        study=facts.finished.study,
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
        downloadable="no" if real else "yes",
        collected="yes" if synthetic else "does not apply",
        source="; ".join(filter(None, (made, there))),
        locked="yes" if all(locks) else "no",
        lock=", ".join(one or "none" for one in locks),
        clean="yes" if facts.commits and not dirty else "no",
        code=f"commit {', '.join(facts.commits) or 'unknown'}" + ", with uncommitted changes" * dirty,
        runs=len(facts.runs),
        datasets=len(facts.manifests),
        variants=len(facts.variants),
        seeds=own // len(facts.rows),
        others=f", and {others} of other readings of the paper" if others else "",
        train=facts.mean("train_seconds"),
        evaluate=facts.mean("evaluate_seconds"),
        hours=len(facts.runs) * facts.mean("train_seconds") / 3600,
        machines="; ".join(dict.fromkeys(map(_machine, facts.makers))),
    )


def _links(files: Iterable[str]) -> str:
    return ", ".join(f"[{file}]({file})" for file in files)
