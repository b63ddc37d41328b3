"""One clip as the model reads it: frames, Canny maps, kept tubes, and the class token's share of reading."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lcr.report.figures.style import COLOURS, data_title, page

SHOWN = 6  # frames
NOTE = (
    "One clip and one seed: an illustration, no estimate. Read: |r · k̂| ‖v‖ of eq. 5, summed over heads, as a "
    "share of the frame's tokens.\nKept tubes: one draw of the training mask; testing keeps all patches."
)


class PromptClip(NamedTuple):
    """A clip and one trained model's reading of it; N = grid² patch tokens and the class token, last.

    frames: (T, 3, S, S) uint8. edges: (T, 1, S, S) in {0, 1}. kept: (N - 1,), whether a training mask keeps the patch.
    shares: (layers, T, N), each token's part of the class token's reading; a frame sums to 1. label, prediction: names
    of classes.
    """

    study: str
    dataset: str
    label: str
    prediction: str
    frames: np.ndarray
    edges: np.ndarray
    kept: np.ndarray
    shares: np.ndarray


def edge_prompt_figure(clip: PromptClip) -> Figure:
    """Rows of `SHOWN` frames, and over all frames the share of the reading that falls on patches with edges."""
    times, layers, grid = len(clip.frames), len(clip.shares), round(len(clip.kept) ** 0.5)
    shown = np.unique(np.linspace(0, times - 1, min(SHOWN, times)).round().astype(int))
    frames = clip.frames.transpose(0, 2, 3, 1)
    heading = (
        f"Edge prompt and what the class token reads. Study '{clip.study}', full model, first seed\n"
        f"{data_title(clip.dataset)}. Label: {clip.label}. Prediction: {clip.prediction}."
    )
    rows = {
        "Frame": (frames, {}),
        "Canny map": (1 - clip.edges[:, 0], {"cmap": "gray", "vmin": 0, "vmax": 1}),
        "Kept tubes": (_masked(frames, clip.kept.reshape(grid, grid)), {}),
    }
    for number, shares in enumerate(100 * clip.shares[:, :, :-1].reshape(layers, times, grid, grid), 1):
        rows[f"Read by\nlayer {number}"] = shares, {"cmap": "Greys", "vmin": 0, "vmax": shares.max()}
    height = 1.25 * len(rows)
    with page(9.0, height + 3.5, heading, NOTE, grid="white") as figure:
        upper, lower = figure.subfigures(2, 1, height_ratios=(height, 2.4))
        panels = upper.subplots(len(rows), len(shown), squeeze=False, subplot_kw={"xticks": [], "yticks": []})
        for line, (name, (pictures, look)) in zip(panels, rows.items(), strict=True):
            line[0].set_ylabel(name, rotation=0, ha="right", va="center", labelpad=8)
            for axes, t in zip(line, shown, strict=True):
                axes.imshow(pictures[t], **look)
        for axes, t in zip(panels[0], shown, strict=True):
            axes.set_title(f"t = {t + 1} of {times}", loc="center")
        for line in panels[3:]:
            upper.colorbar(line[-1].images[0], ax=line, label="% of reading", aspect=8, pad=0.01)
        _over_time(lower.subplots(), clip, grid)
    return figure


def _masked(frames: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """Frames (T, S, S, 3) with the patches that are not kept in white, crossed by a grey diagonal."""
    patch = np.ones((frames.shape[1] // len(kept),) * 2, bool)
    hidden = np.kron(~kept, patch)[..., None]
    cross = np.where(np.tile(np.eye(len(patch)), kept.shape), 150, 255)[..., None]
    return np.where(hidden, cross, frames).astype(np.uint8)


def _over_time(axes: Axes, clip: PromptClip, grid: int) -> None:
    times, patch = len(clip.edges), clip.edges.shape[-1] // grid
    holds = clip.edges.reshape(times, grid, patch, grid, patch).any(axis=(2, 4)).reshape(times, -1)
    steps = np.arange(1, times + 1)
    axes.plot(steps, 100 * holds.mean(1), ":", color="0.3", label="patches with edges, share of the frame's area")
    for layer, shares in enumerate(100 * clip.shares):
        look = {"linestyle": ("-", "--", "-.")[layer % 3], "color": COLOURS[(0, 3, 2, 1)[layer % 4]]}
        on_edges = (shares[:, :-1] * holds).sum(1)
        axes.plot(steps, on_edges, **look, label=f"layer {layer + 1}: read from patches with edges")
        axes.plot(steps, shares[:, -1], **look, alpha=0.6, marker="x", label=f"layer {layer + 1}: read from itself")
    axes.set(
        xlabel="Frame t", ylabel="Share (%)", ylim=(-3, 103), xticks=steps if times <= 16 else steps[:: times // 8]
    )
    axes.grid(axis="both", color="0.9")
    axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False)
