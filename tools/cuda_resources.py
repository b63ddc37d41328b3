"""Writes docs/cuda_resources.csv: registers, spills and shared memory of each CUDA kernel, as NVRTC's ptxas reports.

    python tools/cuda_resources.py      from the project's folder; a minute or two, needs the extra [cuda], no GPU

A spill makes a kernel several times slower and shows nowhere else: a test requires that the table has none.
"""

import csv
import re
from pathlib import Path

import torch

from lcr.wkv.cuda import TYPES, source_hash
from lcr.wkv.library import CUDA_WIDTHS

ARCHITECTURES = ("sm_80", "sm_90", "sm_100")
TABLE = Path(__file__).parents[1] / "docs" / "cuda_resources.csv"
COLUMNS = (
    *("kernel", "arch", "width", "dtype", "registers", "spill_store_bytes", "spill_load_bytes", "shared_bytes"),
    *("nvrtc", "sources"),
)
_REPORT = re.compile(
    r"Compiling entry function '(?P<kernel>\w+)'.*?(?P<stores>\d+) bytes spill stores, (?P<loads>\d+) bytes spill loads"
    r".*?Used (?P<registers>\d+) registers(?P<rest>[^\n]*)",
    re.DOTALL,
)


def resources(arch: str, width: int, dtype: torch.dtype) -> list[dict[str, str]]:
    """Rows of the table for one compilation. Needs the extra [cuda]."""
    from lcr.wkv.cuda import gpu

    _, report = gpu.compile_for(arch, width, dtype)
    rows = []
    for found in _REPORT.finditer(report):
        shared = re.search(r"(\d+) bytes smem", found["rest"])
        numbers = (found["registers"], found["stores"], found["loads"], shared[1] if shared else "0")
        cells = (found["kernel"], arch, str(width), str(dtype).removeprefix("torch."), *numbers)
        rows.append(dict(zip(COLUMNS, (*cells, gpu.compiler(), source_hash()[:16]), strict=True)))
    return sorted(rows, key=lambda row: row["kernel"])


def main() -> None:
    """Compiles every instantiation and writes the table."""
    from rich.progress import track

    wanted = [(arch, width, dtype) for arch in ARCHITECTURES for width in CUDA_WIDTHS for dtype in TYPES]
    rows = [row for one in track(wanted, description="compiling") for row in resources(*one)]
    with TABLE.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.DictWriter(opened, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    print(f"{TABLE}: {len(rows)} kernels, {sum(row['spill_store_bytes'] != '0' for row in rows)} with spills")


if __name__ == "__main__":
    main()
