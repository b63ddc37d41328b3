# From annotations and media to tables: every rule calls one `lcr` command, and nothing is computed here.
#
#   snakemake --cores all results/table2.csv                                    the study "tiny", on generated clips
#   snakemake --cores all --config study=smoke                                  all tables, figures and the answer in words
#   snakemake --cores all --report results/report.html                          all of it as one page, after that
#   snakemake --cores all results/bundle.zip                                    all of it as one archive (lcr[bundle])
#   snakemake --cores all results/table2.csv --config study=paper jester_root=DIR
#
# --config takes study=NAME|FILE.yaml, jester_root=DIR, something_root=DIR, kinetics_root=DIR. What a run's numbers depend
# on stands in its rule's params and in a stamp (lcr/workflow.py): an edit redoes the runs that it can change, no others.
import os
import re
from functools import partial

from lcr.util.gpus import gpus
from lcr.workflow import DIAGNOSIS, HASHES, LEDGER, choose


report: "docs/captions/workflow.rst"


CHOICE = choose(config, workflow.basedir)
STUDY = CHOICE.study
DATA = f".lcr/data/{STUDY.name}"
RUN = f"results/{STUDY.name}/{{dataset}}/{{variant}}/seed-{{seed}}"
LOGS = f".lcr/logs/{STUDY.name}"
TIMES = f".lcr/benchmarks/{STUDY.name}"
PAGES = os.path.relpath(os.path.join(workflow.basedir, "notebooks"))
CORES = (
    workflow.resource_settings.cores or 1
)  # none under an executor without --cores: its profile has set-threads
STAMP = f"{CHOICE.stamps}/published/{{published}}"
WHOLE = f".lcr/published/{STUDY.name}"
SHOWN = partial(report, caption="docs/captions/table.rst", category="Tables")


def stamp(name):
    """The stamp of a key; an empty list where nodes share no files, since a job with a local input would stay here."""
    return [] if workflow.storage_settings.default_storage_provider else local(f"{CHOICE.stamps}/{name}")


if CHOICE.gpus and workflow.resource_settings.nodes is None:  # local jobs: as many at a time as GPUs
    workflow.global_resources.setdefault("gpu", max(1, len(gpus())))


wildcard_constraints:
    dataset="|".join(STUDY.datasets),
    variant="|".join(map(re.escape, CHOICE.arms)),
    seed="|".join(map(str, STUDY.seeds)),
    table="|".join(table for table in CHOICE.tables if table != "claims"),
    notebook="|".join(CHOICE.notebooks),
    published="|".join(map(re.escape, CHOICE.published)),


localrules:
    all,
    publish,
    publish_all,


# A whole study is published with hashes.json; a sweep or a multiverse has its own files, which are published one by one.
rule all:
    input:
        local(WHOLE) if HASHES in CHOICE.published else [f"results/{name}" for name in CHOICE.published],


rule fixture:
    input:
        stamp("{dataset}/data"),
    output:
        directory(f"{DATA}/{{dataset}}/raw"),
    log:
        f"{LOGS}/fixture/{{dataset}}.log",
    benchmark:
        f"{TIMES}/fixture/{{dataset}}.tsv"
    conda:
        "environment.yml"
    threads: CORES
    params:
        key=CHOICE.data_key,
        options=CHOICE.options,
    shell:
        "lcr data fixture {params.options} --dataset {wildcards.dataset:q} --workers {threads} > {log:q} 2>&1"


rule index:
    input:
        CHOICE.annotations,
        stamp("{dataset}/data"),
    output:
        ensure(f"{DATA}/{{dataset}}/manifest.parquet", non_empty=True),
    log:
        f"{LOGS}/index/{{dataset}}.log",
    benchmark:
        f"{TIMES}/index/{{dataset}}.tsv"
    conda:
        "environment.yml"
    threads: CORES
    params:
        key=CHOICE.data_key,
        options=CHOICE.options,
    shell:
        "lcr data index {params.options} --dataset {wildcards.dataset:q} --workers {threads} > {log:q} 2>&1"


rule pack:
    input:
        f"{DATA}/{{dataset}}/manifest.parquet",
        stamp("{dataset}/data"),
    output:
        ensure(f"{DATA}/{{dataset}}/packed/frames.bin", non_empty=True),
        ensure(f"{DATA}/{{dataset}}/packed/index.parquet", non_empty=True),
    log:
        f"{LOGS}/pack/{{dataset}}.log",
    benchmark:
        f"{TIMES}/pack/{{dataset}}.tsv"
    conda:
        "environment.yml"
    threads: CORES
    params:
        key=CHOICE.data_key,
        options=CHOICE.options,
    shell:
        "lcr data pack {params.options} --dataset {wildcards.dataset:q} --workers {threads} > {log:q} 2>&1"


rule train:
    input:
        CHOICE.prepared,
        stamp("{dataset}/{variant}/seed-{seed}/train"),
    output:
        ensure(f"{RUN}/model.safetensors", non_empty=True),
        ensure(f"{RUN}/metrics.jsonl", non_empty=True),
    log:
        f"{LOGS}/train/{{dataset}}-{{variant}}-{{seed}}.log",
    benchmark:
        f"{TIMES}/train/{{dataset}}-{{variant}}-{{seed}}.tsv"
    conda:
        "environment.yml"
    threads: CHOICE.threads
    resources:
        gpu=CHOICE.gpus,
    params:
        key=CHOICE.train_key,
        options=CHOICE.options,
    shell:
        "lcr train {params.options} --dataset {wildcards.dataset:q} --ablation {wildcards.variant:q}"
        " --seed {wildcards.seed:q} > {log:q} 2>&1"


rule evaluate:
    input:
        CHOICE.prepared,
        f"{RUN}/model.safetensors",
        stamp("{dataset}/{variant}/seed-{seed}/evaluate"),
    output:
        ensure(f"{RUN}/predictions.parquet", non_empty=True),
        ensure(f"{RUN}/temporal.parquet", non_empty=True),
        ensure(f"{RUN}/run.json", non_empty=True),
    log:
        f"{LOGS}/evaluate/{{dataset}}-{{variant}}-{{seed}}.log",
    benchmark:
        f"{TIMES}/evaluate/{{dataset}}-{{variant}}-{{seed}}.tsv"
    conda:
        "environment.yml"
    threads: CHOICE.threads
    resources:
        gpu=CHOICE.gpus,
    params:
        key=CHOICE.evaluate_key,
        options=CHOICE.options,
    shell:
        "lcr evaluate {params.options} --dataset {wildcards.dataset:q} --ablation {wildcards.variant:q}"
        " --seed {wildcards.seed:q} > {log:q} 2>&1"


rule cost:
    input:
        CHOICE.manifests,
        stamp("cost"),
    output:
        ensure(SHOWN(f"results/{STUDY.name}/cost.csv", labels={"table": "cost"}), non_empty=True),
        ensure(f"results/{STUDY.name}/cost.json", non_empty=True),
    log:
        f"{LOGS}/cost.log",
    benchmark:
        f"{TIMES}/cost.tsv"
    conda:
        "environment.yml"
    threads: STUDY.threads
    resources:
        gpu=CHOICE.gpus,
    params:
        key=CHOICE.cost_key,
        options=CHOICE.options,
    shell:
        "lcr cost {params.options} > {log:q} 2>&1"


rule diagnosis:
    input:
        CHOICE.diagnosed,
        stamp("reading_diagnosis"),
    output:
        *(
            ensure(SHOWN(f"results/{STUDY.name}/{name}.csv", labels={"table": name}), non_empty=True)
            for name in DIAGNOSIS
        ),
        ensure(f"results/{STUDY.name}/reading_diagnosis.json", non_empty=True),
    log:
        f"{LOGS}/diagnosis.log",
    benchmark:
        f"{TIMES}/diagnosis.tsv"
    conda:
        "environment.yml"
    threads: STUDY.threads
    params:
        key=CHOICE.diagnosis_key,
        options=CHOICE.options,
    shell:
        "lcr readings diagnose {params.options} > {log:q} 2>&1"


rule table:
    input:
        CHOICE.evaluated,
        stamp("tables"),
    output:
        ensure(SHOWN(f"results/{STUDY.name}/{{table}}.csv", labels={"table": "{table}"}), non_empty=True),
    log:
        f"{LOGS}/table/{{table}}.log",
    benchmark:
        f"{TIMES}/table/{{table}}.tsv"
    conda:
        "environment.yml"
    params:
        key=CHOICE.table_key,
        options=CHOICE.options,
    shell:
        "lcr table {wildcards.table:q} {params.options} > {log:q} 2>&1"


rule claims:
    input:
        expand(f"results/{STUDY.name}/{{table}}.csv", table=LEDGER),
        stamp("tables"),
    output:
        ensure(
            report(
                f"results/{STUDY.name}/claims.csv",
                caption="docs/captions/claims.rst",
                category="Tables",
                labels={"table": "claims"},
            ),
            non_empty=True,
        ),
    log:
        f"{LOGS}/table/claims.log",
    benchmark:
        f"{TIMES}/table/claims.tsv"
    conda:
        "environment.yml"
    params:
        key=CHOICE.table_key,
        options=CHOICE.options,
    shell:
        "lcr claims {params.options} > {log:q} 2>&1"


# The notebook as it was run stays among the logs: when a cell fails, it holds the traceback.
rule notebook:
    input:
        CHOICE.shown,
        stamp("tables"),
        notebook=f"{PAGES}/{{notebook}}.ipynb",
        page=f"{PAGES}/template/page/index.html.j2",
        anchor=f"{PAGES}/template/page/cell_id_anchor.j2",
    output:
        ensure(f"results/{STUDY.name}/figures/{{notebook}}.png", non_empty=True),
        ensure(
            report(
                f"results/{STUDY.name}/figures/{{notebook}}.svg",
                caption="docs/captions/notebook.rst",
                category="Figures",
                labels={"figure": "{notebook}"},
            ),
            non_empty=True,
        ),
        page=ensure(
            report(
                f"results/{STUDY.name}/notebooks/{{notebook}}.html",
                caption="docs/captions/notebook.rst",
                category="Notebooks",
                labels={"notebook": "{notebook}"},
            ),
            non_empty=True,
        ),
    log:
        f"{LOGS}/notebook/{{notebook}}.log",
        ran=f"{LOGS}/notebook/{{notebook}}.ipynb",
    benchmark:
        f"{TIMES}/notebook/{{notebook}}.tsv"
    conda:
        "environment.yml"
    params:
        key=CHOICE.table_key,
        study=STUDY.name,
        pages=lambda wildcards, output: os.path.dirname(output.page),
        templates=lambda wildcards, input: os.path.dirname(os.path.dirname(input.page)),
    shell:
        "(papermill {input.notebook:q} {log.ran:q} --kernel python3 --no-progress-bar -r study {params.study:q}"
        " && jupyter nbconvert {log.ran:q} --to html --no-prompt --template page"
        " --TemplateExporter.extra_template_basedirs {params.templates:q}"
        " --output-dir {params.pages:q} --output {wildcards.notebook:q}) > {log[0]:q} 2>&1"


rule answer:
    input:
        expand(f"results/{STUDY.name}/{{table}}.csv", table=CHOICE.tables),
        expand(f"results/{STUDY.name}/figures/{{notebook}}.png", notebook=CHOICE.notebooks),
        stamp("tables"),
    output:
        ensure(f"results/{STUDY.name}/README.md", non_empty=True),
        ensure(
            report(
                f"results/{STUDY.name}/answer.html",
                caption="docs/captions/answer.rst",
                category="Answer",
                labels={"page": "the answer in ten lines"},
            ),
            non_empty=True,
        ),
    log:
        f"{LOGS}/answer.log",
    benchmark:
        f"{TIMES}/answer.tsv"
    conda:
        "environment.yml"
    params:
        key=CHOICE.table_key,
        study=STUDY.name,
    shell:
        "lcr answer --study {params.study:q} > {log:q} 2>&1"


# All published files, and hashes.json last, so that `lcr verify` finds any later change. The files in results/ are no
# outputs: Snakemake would delete them first, and two studies at once in one folder would find each other's missing.
rule publish_all:
    input:
        expand(
            f"results/{STUDY.name}/{{published}}",
            published=[name for name in CHOICE.published if name != HASHES],
        ),
        local(expand(STAMP, published=HASHES)),
    output:
        local(touch(WHOLE)),
    log:
        f"{LOGS}/publish.log",
    conda:
        "environment.yml"
    params:
        options=CHOICE.options,
    shell:
        "lcr publish {params.options} > {log:q} 2>&1"


# One published file, when it is asked for by name; with hashes.json, all.
rule publish:
    input:
        CHOICE.publishes,
        local(STAMP),
    output:
        ensure(update("results/{published}"), non_empty=True),
    log:
        f"{LOGS}/publish/{{published}}.log",
    conda:
        "environment.yml"
    params:
        options=CHOICE.options,
    shell:
        "lcr publish {params.options} {wildcards.published:q} > {log:q} 2>&1"


# Not among what `all` makes: it needs the extra lcr[bundle].
rule bundle:
    input:
        local(WHOLE),
    output:
        ensure("results/bundle.zip", non_empty=True),
    log:
        f"{LOGS}/bundle.log",
    conda:
        "environment.yml"
    params:
        study=CHOICE.given,
        root=workflow.basedir,
    shell:
        "lcr bundle --study {params.study:q} --root {params.root:q} > {log:q} 2>&1"
