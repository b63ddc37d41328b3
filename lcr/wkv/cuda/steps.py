"""The order of the kernels that make y and the gradients: the same on a GPU and on the host that tests run them on."""

from typing import Protocol

import torch
from torch import Tensor

CHUNK = 32
GROUPS = 8  # of rows in a block, of partial sums in lcr_reduce
TABLE_ROWS = CHUNK + 3


class Machine(Protocol):
    """A GPU or a host with the kernels compiled for one D and one dtype."""

    def launch(self, kernel: str, blocks: tuple[int, int], threads: int, *arguments: int) -> None:
        """Runs a kernel; arguments are addresses and integers."""
        ...


class _Call:
    """The sizes, the decay tables and the launches of one call."""

    def __init__(self, machine: Machine, r: Tensor, omega: Tensor, u: Tensor, bidirectional: bool):
        self.machine, self.device, self.bidirectional = machine, r.device, bidirectional
        self.batch, self.heads, self.tokens, self.width = r.shape
        self.chunks = -(-self.tokens // CHUNK)
        self.sequences = self.batch * self.heads
        self.threads = 2 * self.width
        omega, u = omega.float().contiguous(), u.float().contiguous()
        self.tables = self.floats(self.heads, TABLE_ROWS, self.width)
        self.rates = torch.empty(self.heads, self.width, dtype=torch.float64, device=self.device)
        addresses = (omega.data_ptr(), u.data_ptr(), self.tables.data_ptr(), self.rates.data_ptr())
        machine.launch("lcr_tables", (self.heads, 1), self.width, *addresses)

    def floats(self, *shape: int) -> Tensor:
        return torch.empty(shape, dtype=torch.float32, device=self.device)

    def states(self, k: Tensor, v: Tensor, past: bool, future: bool) -> tuple[Tensor | None, Tensor | None]:
        """States (B·H, chunks, D, D) of k and v before each chunk and after it, rows of channels of v."""
        if self.chunks < 2:
            return None, None
        made = [
            self.floats(self.sequences, self.chunks, self.width**2) if wanted else None for wanted in (past, future)
        ]
        addresses = [address(x) for x in made]
        directions = past + future
        slices = -(-self.width // CHUNK)
        self.machine.launch(
            "lcr_states",
            (self.sequences * self.chunks, slices * directions),
            self.threads,
            *(*strided(k), *strided(v), self.tables.data_ptr(), *addresses, self.heads, self.tokens),
        )
        slices = -(-(self.width**2) // self.threads)
        self.machine.launch(
            "lcr_scan",
            (self.sequences, slices * directions),
            self.threads,
            *(self.tables.data_ptr(), *addresses, self.heads, self.chunks),
        )
        return made[0], made[1]


def address(x: Tensor | None) -> int:
    return 0 if x is None else x.data_ptr()


def strided(x: Tensor) -> tuple[int, int, int, int]:
    return (x.data_ptr(), *x.stride()[:3])


def _rows(x: Tensor) -> Tensor:
    return x if x.stride(-1) == 1 else x.contiguous()


def forward(machine: Machine, r: Tensor, k: Tensor, v: Tensor, omega: Tensor, u: Tensor, bidirectional: bool) -> Tensor:
    """y of `lcr.wkv.bi_wkv`, on `machine`."""
    y = torch.empty(r.shape, dtype=r.dtype, device=r.device)
    if r.numel() == 0:
        return y
    r, k, v = _rows(r), _rows(k), _rows(v)
    call = _Call(machine, r, omega, u, bidirectional)
    past, future = call.states(k, v, True, bidirectional)
    machine.launch(
        "lcr_output",
        (call.sequences * call.chunks, 1),
        call.threads,
        *(*strided(r), *strided(k), *strided(v), *strided(y), call.tables.data_ptr(), address(past), address(future)),
        *(call.heads, call.tokens, int(bidirectional)),
    )
    return y


def backward(
    machine: Machine, r: Tensor, k: Tensor, v: Tensor, omega: Tensor, u: Tensor, dy: Tensor, bidirectional: bool
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """dr, dk, dv, dω, du of `forward` at dy."""
    dr, dk, dv = (torch.empty(r.shape, dtype=r.dtype, device=r.device) for _ in range(3))
    d_omega, d_u = (torch.zeros(omega.shape, dtype=torch.float32, device=r.device) for _ in range(2))
    if r.numel():
        r, k, v, dy = _rows(r), _rows(k), _rows(v), _rows(dy.to(r.dtype))
        call = _Call(machine, r, omega, u, bidirectional)
        past, future = call.states(k, v, True, bidirectional)
        before, after = call.states(r, dy, bidirectional, True)
        log_w, own_u = (call.floats(call.sequences, call.chunks, call.width) for _ in range(2))
        machine.launch(
            "lcr_gradients",
            (call.sequences * call.chunks, 1),
            call.threads,
            *(number for x in (r, k, v, dy, dr, dk, dv) for number in strided(x)),
            *(address(x) for x in (call.tables, past, future, before, after, log_w, own_u)),
            *(call.heads, call.tokens, int(bidirectional)),
        )
        machine.launch(
            "lcr_reduce",
            (call.heads, 1),
            GROUPS * call.width,
            *(address(x) for x in (log_w, own_u, call.rates, d_omega, d_u)),
            *(call.batch, call.heads, call.chunks),
        )
    return dr, dk, dv, d_omega.to(omega.dtype), d_u.to(u.dtype)
