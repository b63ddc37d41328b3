"""What every instantiation of the CUDA kernel takes: registers, spills, shared memory, as NVRTC's ptxas says.

    python -m lcr.wkv.cuda.resources        writes resources.csv beside this file (a minute or two, no GPU)

A spill makes a kernel several times slower and nothing else shows it, so a test holds the table's spills at 0.
"""

import csv
import re

import torch

from lcr.wkv.cuda import FOLDER, TYPES, WIDTHS, source_hash

ARCHITECTURES = ("sm_80", "sm_90", "sm_100")
TABLE = FOLDER / "resources.csv"
COLUMNS = (
    *("kernel", "arch", "width", "dtype", "registers", "spill_store_bytes", "spill_load_bytes", "shared_bytes"),
    *("nvrtc", "sources"),
)
_SAID = re.compile(
    r"Compiling entry function '(?P<kernel>\w+)'.*?(?P<stores>\d+) bytes spill stores, (?P<loads>\d+) bytes spill loads"
    r".*?Used (?P<registers>\d+) registers(?P<rest>[^\n]*)",
    re.DOTALL,
)


def resources(arch: str, width: int, dtype: torch.dtype) -> list[dict[str, str]]:
    """Rows of the table for one compilation."""
    from lcr.wkv.cuda import gpu  # the rest of this module needs no CUDA package

    _, said = gpu.compile_for(arch, width, dtype)
    rows = []
    for found in _SAID.finditer(said):
        shared = re.search(r"(\d+) bytes smem", found["rest"])
        numbers = (found["registers"], found["stores"], found["loads"], shared[1] if shared else "0")
        cells = (found["kernel"], arch, str(width), str(dtype).removeprefix("torch."), *numbers)
        rows.append(dict(zip(COLUMNS, (*cells, gpu.compiler(), source_hash()[:16]), strict=True)))
    return sorted(rows, key=lambda row: row["kernel"])


def main() -> None:
    """Compiles every instantiation and writes the table."""
    from rich.progress import track

    wanted = [(arch, width, dtype) for arch in ARCHITECTURES for width in WIDTHS for dtype in TYPES]
    rows = [row for one in track(wanted, description="compiling") for row in resources(*one)]
    with TABLE.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.DictWriter(opened, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    print(f"{TABLE}: {len(rows)} kernels, {sum(row['spill_store_bytes'] != '0' for row in rows)} with spills")


if __name__ == "__main__":
    main()
