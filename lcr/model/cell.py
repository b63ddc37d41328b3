"""The cell of an LCR unit (§3.4, eq. 10-11)."""

from torch import Tensor

from lcr.model.config import Readings


def cell(a: Tensor, gate: Tensor, c: Tensor, readings: Readings) -> tuple[Tensor, Tensor]:
    """One step of the cell.

    Args:
        a: (B, N, C), A_t of the gate.
        gate: (B, N, C), x^e_t, before its sigmoid; A_t itself where there is no edge prompt.
        c: (B, N, C), C_{t-1}.
        readings: `cell_gate` says which reading of eq. 10.

    Returns:
        C_t and H_t = O_t (eq. 11), each (B, N, C).
    """
    if readings.cell_gate != "literal":
        gate = gate.sigmoid()
    new = gate * (a.tanh() + c)
    if readings.cell_gate != "sigmoid":
        new = new + c
    return new, new.tanh() * a.sigmoid()
