"""The RO-Crate description of the bundle: its files, the study and the code that they come from, the command."""

import json
import mimetypes
from collections.abc import Mapping

from rocrate.model.contextentity import ContextEntity
from rocrate.rocrate import ROCrate

from lcr.evidence.bundle.croissant import LICENCE
from lcr.evidence.bundle.facts import Facts
from lcr.report.notebooks import NOTEBOOKS

METADATA = "ro-crate-metadata.json"
TYPES = {".parquet": "application/vnd.apache.parquet", ".jsonl": "application/jsonl", ".md": "text/markdown"}
SAID = {
    "README.md": "The answer in ten lines, with tables and figures",
    "checklist.md": "The ML reproducibility checklist, answered",
    "predictions.parquet": "Per-clip scores",
    "temporal.parquet": "Scores of time-reversed pairs",
    "metrics.jsonl": "Training curve of one run",
    "metrics.parquet": "Training curves of all runs",
    "run.json": "Configuration, protocol, code, machine and times of one run",
    "runs.json": "Configuration, protocol, code, machine and times of all runs",
}


def crate_metadata(facts: Facts, files: Mapping[str, bytes], date: str) -> bytes:
    """ro-crate-metadata.json for these files, the same bytes for the same files.

    Args:
        files: content by path in the bundle.
        date: YYYY-MM-DD.
    """
    crate = ROCrate(version="1.1")
    crate.name = f"LCR: study {facts.study}"
    crate.description = (
        "Results of an ablation study of Video RWKV (LCR): tables, figures, per-clip predictions and records. "
        f"Datasets: {', '.join(facts.datasets)}; those that end in -fixture are synthetic."
    )
    crate.license = LICENCE
    crate.datePublished = date
    code = ContextEntity(
        crate,
        "#lcr",
        properties={
            "@type": "SoftwareApplication",
            "name": "lcr",
            "softwareVersion": ", ".join(facts.commits) or "unknown commit",
            "description": "trained, tested and tabulated with `snakemake --cores all`",
        },
    )
    study = ContextEntity(
        crate,
        "#study",
        properties={
            "@type": "CreateAction",
            "name": f"snakemake --cores all --config study={facts.study}",
            "endTime": date,
            "instrument": {"@id": code.id},
            "result": [{"@id": name} for name in files if name.endswith(".csv")],
        },
    )
    crate.add(code, study)
    for name, content in files.items():
        crate.add_file(dest_path=name, properties=_properties(name, content))
    return json.dumps(crate.metadata.generate(), indent=1, sort_keys=True, ensure_ascii=False).encode() + b"\n"


def _properties(name: str, content: bytes) -> dict[str, str]:
    last = name.rpartition("/")[2]
    stem, _, suffix = last.rpartition(".")
    kind = TYPES.get(f".{suffix}") or mimetypes.types_map.get(f".{suffix}", "application/octet-stream")
    notebook = NOTEBOOKS.get(stem) if name.startswith(("figures/", "notebooks/")) else None
    said = notebook.title if notebook else SAID.get(last, f"{last} of the study")
    return {"name": last, "description": said, "encodingFormat": kind, "contentSize": str(len(content))}
