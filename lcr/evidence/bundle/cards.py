"""A model card for each variant, after Mitchell et al. (2019), from the records of its runs and the study's tables."""

from lcr.config.datasets import is_synthetic
from lcr.config.variant import VariantConfig
from lcr.evidence.bundle.facts import Facts
from lcr.study.claims.caveats import CAVEATS

TEMPLATE = """\
---
license: apache-2.0
library_name: lcr
pipeline_tag: video-classification
metrics: [accuracy]
tags: [video-recognition, rwkv, ablation, reproduction]
---

# {title}

A variant of LCR, the model of *Video RWKV* (arXiv 2411.05636), trained in the study `{study}`. It changes: \
{component}. Hypothesis: {hypothesis}

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

{cpu}, {cores} cores, {gpu}; {threads} thread(s) a run; {versions}. Code: commit {commits}.

Weights are not in this bundle; the same command makes them again, bit for bit on the same machine: \
`lcr train --study {study} --dataset {dataset} --ablation {name} --seed {seed}`.
"""


def model_card(facts: Facts, variant: VariantConfig) -> str:
    """The card of one variant, in Markdown, with links relative to the folder `model-cards/`."""
    rows = [row for row in facts.rows if row["variant"] == variant.name]
    synthetic = [row["dataset"] for row in rows if is_synthetic(row["dataset"])]
    said = "are synthetic: they are not the paper's data, and the accuracies say nothing about real video."
    first = facts.records(rows[0]["dataset"], variant.name)[0]
    return TEMPLATE.format(
        name=variant.name,
        title=variant.title,
        study=facts.study,
        component=variant.component,
        hypothesis=variant.hypothesis,
        limits=(f"The clips of {', '.join(synthetic)} {said} " if synthetic else "")
        + (f"Mind: {CAVEATS[variant.name]}. " if variant.name in CAVEATS else ""),
        accuracies="\n".join(map(_accuracy, rows)),
        trainings="\n".join(_training(facts, row["dataset"], variant) for row in rows),
        costs="\n".join(_cost(facts, row["dataset"], variant) for row in rows),
        cpu=first.hardware["cpu"],
        cores=first.hardware["cores"],
        gpu=first.hardware["gpu"] or "no GPU",
        threads=first.threads,
        versions=", ".join(f"{name} {version}" for name, version in first.versions.items()),
        commits=", ".join(facts.commits) or "unknown",
        dataset=rows[0]["dataset"],
        seed=first.seed,
    )


def _accuracy(row: dict[str, str]) -> str:
    top1 = f"{row['top1']} [{row['top1_ci_low']}, {row['top1_ci_high']}]"
    delta = f"{row['delta_top1']} [{row['delta_ci_low']}, {row['delta_ci_high']}]" if row["delta_top1"] else "–"
    return f"| {row['dataset']} | {top1} | {row['top5'] or '–'} | {delta} | {row['seeds']} × {row['clips']} |"


def _training(facts: Facts, dataset: str, variant: VariantConfig) -> str:
    records = facts.records(dataset, variant.name)
    recipe = ", ".join(f"{name} {value}" for name, value in records[0].config["train"].items())
    return (
        f"- {dataset}: {records[0].clips['train']} clips, {records[0].steps} steps, "
        f"{facts.mean('train_seconds', records):.0f} s on average over {len(records)} seeds ({recipe}). All settings: "
        f"[the first seed's record](../{facts.link(dataset, variant.name)})."
    )


def _cost(facts: Facts, dataset: str, variant: VariantConfig) -> str:
    row = facts.cost(dataset, variant.name)
    if not row:
        return f"- {dataset}: not counted."
    memory = "" if row["peak_mem_gb"] != row["peak_mem_gb"] else f", {row['peak_mem_gb']:.4g} GB at most"
    return f"- {dataset}: {row['params']:,} parameters, {row['macs']:,} multiply-adds{memory}."
