"""Stands in for `papermill` and `jupyter nbconvert`: writes what a notebook and its page would be, without a kernel."""

import sys
from pathlib import Path


def write(path: Path, content: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")


def papermill(notebook: str, ran: str, *options: str) -> None:
    study = options[options.index("-r") + 2]
    write(Path(ran), notebook)
    for suffix in ("png", "svg"):
        write(Path("results") / study / "figures" / f"{Path(notebook).stem}.{suffix}", "<svg/>")


def nbconvert(*options: str) -> None:
    folder, name = (options[options.index(option) + 1] for option in ("--output-dir", "--output"))
    write(Path(folder) / f"{name}.html", f"<h1>{name}</h1>")


if Path(sys.argv[0]).name == "papermill":
    papermill(*sys.argv[1:])
else:
    nbconvert(*sys.argv[2:])
