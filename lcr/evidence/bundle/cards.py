"""A model card for each variant, after Mitchell et al. (2019), from the records of its runs and the study's tables."""

from lcr.config.datasets import is_synthetic
from lcr.config.variant import VariantConfig
from lcr.evidence.bundle.facts import Facts
from lcr.study.claims.caveats import CAVEATS
from lcr.study.tables.rows import Row, int_of

HEAD = """---
license: apache-2.0
library_name: lcr
pipeline_tag: video-classification
metrics: [accuracy]
tags: [video-recognition, rwkv, ablation, reproduction]
---"""


def model_card(facts: Facts, variant: VariantConfig) -> str:
    """The card of one variant, in Markdown, links relative to the folder `model-cards/`."""
    rows = [row for row in facts.rows if row["variant"] == variant.name]
    generated = [row["dataset"] for row in rows if is_synthetic(row["dataset"])]
    limits = (
        f"Its clips of {', '.join(generated)} are generated, drawn by this program: they are not the paper's data, and "
        "the accuracies say nothing about real video. "
        if generated
        else ""
    )
    mind = f"Mind: {CAVEATS[variant.name]}. " if variant.name in CAVEATS else ""
    first = facts.records[rows[0]["dataset"], variant.name][0]
    gpu = first["hardware"]["gpu"] or "no GPU"
    versions = ", ".join(f"{name} {version}" for name, version in first["versions"].items())
    parts = [
        HEAD,
        f"# {variant.title}",
        f"A variant of LCR, the model of *Video RWKV* (arXiv 2411.05636), trained in the study `{facts.study}`. It "
        f"changes: {variant.component}. Hypothesis: {variant.hypothesis}",
        "## Use and limits",
        f"For asking which part of the model matters. {limits}{mind}Not for recognising people's gestures in earnest: "
        "no fairness over persons, light or cameras was measured.",
        "## Evaluation",
        _evaluation(rows),
        "95% intervals over seeds and clips; differences from the full model are paired. How clips were sampled and "
        "scored: `protocol` in each run.json.",
        "## Training",
        *(_training(facts, row["dataset"], variant) for row in rows),
        "## Cost of one view",
        *(_cost(facts, row["dataset"], variant) for row in rows),
        "## Environment",
        f"{first['hardware']['cpu']}, {first['hardware']['cores']} cores, {gpu}; {first['threads']} thread(s) a run; "
        f"{versions}. Code: commit {', '.join(facts.commits) or 'unknown'}.",
        "Weights are not in this bundle; the same command makes them again, bit for bit on the same machine: "
        f"`lcr train --study {facts.study} --dataset {rows[0]['dataset']} --ablation {variant.name} "
        f"--seed {first['seed']}`.",
    ]
    return "\n\n".join(parts) + "\n"


def _evaluation(rows: list[Row]) -> str:
    lines = ["| Clips of | Top-1 (%) | Top-5 (%) | Difference from full (points) | Seeds × clips |", "|" + "---|" * 5]
    for row in rows:
        top1 = f"{row['top1']} [{row['top1_ci_low']}, {row['top1_ci_high']}]"
        delta = f"{row['delta_top1']} [{row['delta_ci_low']}, {row['delta_ci_high']}]" if row["delta_top1"] else "–"
        amount = f"{row['seeds']} × {row['clips']}"
        lines.append(f"| {row['dataset']} | {top1} | {row['top5'] or '–'} | {delta} | {amount} |")
    return "\n".join(lines)


def _training(facts: Facts, dataset: str, variant: VariantConfig) -> str:
    records = facts.records[dataset, variant.name]
    recipe = ", ".join(f"{name} {value}" for name, value in records[0]["config"]["train"].items())
    folder = facts.folders[dataset, variant.name][0].relative_to(facts.finished.folder)
    return (
        f"- {dataset}: {records[0]['clips']['train']} clips, {records[0]['steps']} steps, "
        f"{facts.mean('train_seconds', records):.0f} s on average over {len(records)} seeds ({recipe}). All settings: "
        f"[run.json](../{folder.as_posix()}/run.json)."
    )


def _cost(facts: Facts, dataset: str, variant: VariantConfig) -> str:
    row = facts.cost(dataset, variant.name)
    if not row:
        return f"- {dataset}: not counted."
    memory = f", {row['peak_mem_gb']} GB at most" if row.get("peak_mem_gb") else ""
    return f"- {dataset}: {int_of(row, 'params'):,} parameters, {int_of(row, 'macs'):,} multiply-adds{memory}."
