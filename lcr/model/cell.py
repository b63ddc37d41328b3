"""The cell of an LCR unit (§3.4, eq. 10-11)."""

from torch import Tensor

from lcr.model.config import Readings


def cell(a: Tensor, gate: Tensor, c: Tensor, readings: Readings) -> tuple[Tensor, Tensor]:
    """C_t (eq. 10) and H_t = O_t (eq. 11), each (B, M, C).

    Args:
        a: (B, M, C), A_t of the gate.
        gate: (B, M, C), x^e_t before its sigmoid; A_t itself without an edge prompt.
        c: (B, M, C), C_{t-1}.
        readings: `cell_gate` is the reading of eq. 10.
    """
    if readings.cell_gate != "literal":
        gate = gate.sigmoid()
    new = gate * (a.tanh() + c)
    if readings.cell_gate != "sigmoid":
        new = new + c
    return new, new.tanh() * a.sigmoid()
