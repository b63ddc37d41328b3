"""Whether the data are still what the manifest says, and what a study should know about them before it starts."""

from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np

from lcr.data.decode import Probe, probe, read_frames
from lcr.data.formats.annotations import SPLITS
from lcr.data.manifest import NAMED, Manifest, media_root, unusable_text
from lcr.data.pack import Pack
from lcr.data.prepare import Steps
from lcr.data.sampling import generator
from lcr.data.transforms import fitting
from lcr.util.errors import InputError
from lcr.util.parallel import parallel_map

COMPARED = 32  # packed clips that are decoded again


@dataclass
class Report:
    """What was found. facts: for the reader; warnings: to be thought about; faults: a run must not start on these."""

    facts: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def _probe(root: Path, path: str) -> Probe:
    return probe(root / path)


def check_manifest(manifest: Manifest, path: Path, *, workers: int | None = None, progress: bool = True) -> Report:
    """Reads every clip again and compares; counts clips, frames and classes; looks for clips in two splits.

    Args:
        path: where the manifest was read from.
    """
    report = Report()
    rows = manifest.rows(usable=False)
    root = media_root(manifest, path)
    probes = parallel_map(
        partial(_probe, root), [row["path"] for row in rows], label="checking", workers=workers, progress=progress
    )
    changed = []
    with closing(probes):
        for row, found in zip(rows, probes, strict=True):
            if (found.status, found.hash) != (row["status"], row["hash"]):
                changed.append(f"{row['id']} ({found.status}: {found.why})" if found.why else row["id"])
    if changed:
        more = f" and {len(changed) - NAMED} more" if len(changed) > NAMED else ""
        report.faults.append(
            f"{len(changed)} clips changed since they were indexed: {', '.join(changed[:NAMED])}{more}; index again"
        )
    broken = [row for row in rows if row["status"] != "ok"]
    if broken:
        report.warnings.append(unusable_text(broken, len(rows)))
    for split in SPLITS:
        _describe(manifest, split, report)
    _find_copies(rows, report)
    return report


def _describe(manifest: Manifest, split: str, report: Report) -> None:
    rows = manifest.rows(split)
    if not rows:
        return
    frames = [row["frames"] for row in rows]
    labels = {row["label"] for row in rows} - {None}
    report.facts.append(
        f"{split}: {len(rows)} clips, {len(labels)} of {len(manifest.classes)} classes, "
        f"{min(frames)} to {max(frames)} frames (median {median(frames):g})"
    )
    absent = [label for label in manifest.classes if label not in labels]
    if absent and split != "test":
        more = f" and {len(absent) - NAMED} more" if len(absent) > NAMED else ""
        report.warnings.append(f"{split}: no clip of {', '.join(absent[:NAMED])}{more}")


def _find_copies(rows: list[dict], report: Report) -> None:
    """The same bytes in two splits: what is tested was trained on."""
    seen: dict[str, dict] = {}
    copies = []
    for row in rows:
        other = seen.setdefault(row["hash"], row) if row["hash"] else row
        if other["split"] != row["split"]:
            copies.append(f"{other['id']} ({other['split']}) = {row['id']} ({row['split']})")
    if copies:
        more = f" and {len(copies) - NAMED} more" if len(copies) > NAMED else ""
        report.faults.append(f"{len(copies)} clips stand in two splits: {', '.join(copies[:NAMED])}{more}")


def check_pack(steps: Steps, manifest: Manifest, report: Report) -> None:
    """Decodes some packed clips again and compares them byte by byte."""
    data = steps.config.data
    try:
        pack = Pack(steps.folder / "packed", manifest, data, steps.data.frame_size)
    except InputError as error:
        report.faults.append(str(error))
        return
    rows, fit = manifest.rows(), fitting(data, steps.data.frame_size)
    root = media_root(manifest, steps.manifest_path)
    some = generator("check").permutation(len(rows))[:COMPARED]
    wrong = [
        rows[at]["id"]
        for at in some
        if not np.array_equal(
            pack.clip(rows[at]["id"]), read_frames(root / rows[at]["path"], range(rows[at]["frames"]), fit)
        )
    ]
    if wrong:
        report.faults.append(f"packed clips differ from their files: {', '.join(wrong[:NAMED])}; pack again")
    else:
        report.facts.append(f"packed: {len(some)} clips decoded again, all equal")
