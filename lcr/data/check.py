"""Checks of prepared data: whether the clips are still as indexed, and gaps that a study should know of."""

from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import numpy as np

from lcr.config.study import MAX_PIXELS
from lcr.data.decode import read_frames
from lcr.data.formats.annotations import SPLITS
from lcr.data.manifest import Manifest, first_few, media_root, probe_all, unusable_text
from lcr.data.pack import Pack
from lcr.data.prepare import Steps
from lcr.data.sampling import generator
from lcr.data.transforms import fitting
from lcr.util.errors import InputError

COMPARED = 32  # packed clips that are decoded again


@dataclass
class Report:
    """Findings of a check. facts: counts; warnings: gaps to think about; faults: a run must not start on these."""

    facts: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def check_manifest(
    manifest: Manifest,
    path: Path,
    *,
    max_pixels: int = MAX_PIXELS,
    workers: int | None = None,
    progress: bool = True,
) -> Report:
    """Reads every clip again and compares; counts clips, frames and classes; looks for clips in two splits.

    Args:
        path: the file that the manifest was read from.
        max_pixels: as of `lcr.data.decode.probe`.
    """
    report, rows, root = Report(), manifest.rows(usable=False), media_root(manifest, path)
    paths, given = [root / row["path"] for row in rows], {"workers": workers, "progress": progress}
    probes = probe_all(paths, label="checking", max_pixels=max_pixels, **given)
    changed = [
        f"{row['id']} ({found.status}: {found.why})" if found.why else row["id"]
        for row, found in zip(rows, probes, strict=True)
        if (found.status, found.hash) != (row["status"], row["hash"])
    ]
    if changed:
        report.faults.append(f"{len(changed)} clips changed since they were indexed: {first_few(changed)}; index again")
    if broken := [row for row in rows if row["status"] != "ok"]:
        report.warnings.append(unusable_text(broken, len(rows)))
    for split in SPLITS:
        if not (found := manifest.rows(split)):
            continue
        frames, labels = [row["frames"] for row in found], {row["label"] for row in found} - {None}
        report.facts.append(
            f"{split}: {len(found)} clips, {len(labels)} of {len(manifest.classes)} classes, "
            f"{min(frames)} to {max(frames)} frames (median {median(frames):g})"
        )
        if (absent := [label for label in manifest.classes if label not in labels]) and split != "test":
            report.warnings.append(f"{split}: no clip of {first_few(absent)}")
    seen: dict[str, dict] = {}  # by content: a clip in two splits is trained on and tested with
    copies = [
        f"{other['id']} ({other['split']}) = {row['id']} ({row['split']})"
        for row in rows
        if row["hash"] and (other := seen.setdefault(row["hash"], row))["split"] != row["split"]
    ]
    if copies:
        report.faults.append(f"{len(copies)} clips stand in two splits: {first_few(copies)}")
    return report


def check_pack(steps: Steps, manifest: Manifest, report: Report) -> None:
    """Decodes some packed clips again and compares them byte by byte."""
    try:
        _compare(steps, manifest, report)
    except InputError as error:  # the pack is missing or of other data, or a clip's digest differs
        report.faults.append(str(error))


def _compare(steps: Steps, manifest: Manifest, report: Report) -> None:
    data = steps.config.data
    pack = Pack(steps.folder / "packed", manifest, data, steps.data.frame_size)
    rows, fit = manifest.rows(), fitting(data, steps.data.frame_size)
    root = media_root(manifest, steps.manifest_path)
    some = [rows[at] for at in generator("check").permutation(len(rows))[:COMPARED]]
    direct = (read_frames(root / row["path"], range(row["frames"]), fit) for row in some)
    if wrong := [row["id"] for row, frames in zip(some, direct, strict=True)
                 if not np.array_equal(pack.clip(row["id"]), frames)]:  # fmt: skip
        report.faults.append(f"packed clips differ from their files: {first_few(wrong)}; pack again")
    else:
        report.facts.append(f"packed: {len(some)} clips decoded again, all equal")
