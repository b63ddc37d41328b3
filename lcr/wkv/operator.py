"""Bi-WKV as one torch operator: checks arguments, selects a backend, and is one node to autograd and torch.compile."""

import functools
import logging
import sys
from collections.abc import Callable
from types import ModuleType

import torch
from torch import Tensor
from torch.autograd.forward_ad import unpack_dual
from torch.utils.flop_counter import register_flop_formula

from lcr.wkv import chunk, cpu, reference
from lcr.wkv.library import CUDA_WIDTHS, MAX_WIDTH

BACKENDS = ("reference", "torch", "cpu", "cuda")
NAMES = ("r", "k", "v", "omega", "u")
_MODULES = {"reference": reference, "torch": chunk, "cpu": cpu}  # all but "cuda"
_FLOATS = (torch.float32, torch.float64, torch.bfloat16, torch.float16)
_log = logging.getLogger("lcr.wkv")


def _cuda() -> ModuleType:
    from lcr.wkv import cuda  # loaded only on request: a machine without a GPU never imports it

    return cuda


def _misfit(backend: str, device: str, dtype: torch.dtype, width: int) -> str | None:
    """A description of the tensors that `backend` serves, if these are none of them; None if it serves them."""
    if backend not in ("cpu", "cuda"):
        return None
    fits, widths = width <= MAX_WIDTH, f"up to {MAX_WIDTH}"
    if backend == "cuda":
        fits, widths = width in CUDA_WIDTHS, f"of {', '.join(map(str, CUDA_WIDTHS))}"
    if fits and device in (backend, "meta") and dtype != torch.float64:
        return None
    return f"backend '{backend}' expects {backend.upper()} tensors of float32, bfloat16 or float16 with D {widths}"


@functools.cache
def selection(device: str, dtype: torch.dtype = torch.float32, width: int = 64) -> tuple[str, str]:
    """The backend that `auto` selects for tensors of this device type, dtype and channels a head, and the reason.

    Logs the selection once for each kind of tensors, at level INFO of the logger "lcr.wkv".
    """
    backend, why = "torch", f"no kernel of this package serves {device} tensors"
    if device in ("cpu", "cuda"):
        native = cpu if device == "cpu" else _cuda()
        why = _misfit(device, device, dtype, width) or native.missing()
        backend, why = ("torch", why) if why else (device, native.description())
    _log.info("bi_wkv: auto selects '%s' for %s on %s, D = %d: %s", backend, dtype, device, width, why)
    return backend, why


def backend_for(device: torch.device | str, dtype: torch.dtype = torch.float32, width: int = 64) -> str:
    """The backend that `auto` selects for tensors of this device and dtype and this many channels a head."""
    return selection(torch.device(device).type, dtype, width)[0]


def bi_wkv(
    r: Tensor, k: Tensor, v: Tensor, omega: Tensor, u: Tensor, *, bidirectional: bool = True, backend: str = "auto"
) -> Tensor:
    """Linear attention with a static decay per channel, in both directions (equation 5; VRWKV6's operator).

    y_t = r_t · ( diag(u) k_tᵀv_t + Σ_{i<t} diag(w)^{t-1-i} k_iᵀv_i + Σ_{i>t} diag(w)^{i-t-1} k_iᵀv_i ), w = exp(-e^ω)

    The operator computes in float64 for float64 inputs, else in float32. Autocast converts all inputs but float64 to
    float32. Autograd differentiates y once, in all five inputs, and saves the inputs only; torch.func cannot.
    A NaN in r, k or v reaches those elements of y whose sum contains it. It reaches the gradients in the same way,
    except dω and the gradients of backend "reference". A NaN in ω spreads further.

    Args:
        r, k, v: (B, H, N, D) of one floating dtype, any strides.
        omega, u: (H, D) of r's dtype or float32.
        bidirectional: False drops the third sum.
        backend: "auto" (the fastest that fits, see `backend_for`), "torch" (any device), "cpu" (the native kernel: D up
            to 128, not float64), "cuda" (a GPU and the extra [cuda]: D of 32, 48, 64, 96, 128, not float64), or
            "reference" (the float64 sum over all pairs: N² memory, for tests).

    Returns:
        y (B, H, N, D), contiguous, of r's dtype.

    Raises:
        ValueError: an argument does not fit; the message names it, its shape and the expected one. torch.compile raises
            the same, except with fullgraph=True or a mixed dtype under autocast, where torch wraps the error.
        RuntimeError: backend "cpu" or "cuda" is requested and not available; or a gradient is differentiated again.
        NotImplementedError: an input has a tangent (forward-mode differentiation).
    """
    compiling = torch.compiler.is_compiling()
    for name, x in zip(NAMES, (r, k, v, omega, u), strict=True):
        if not isinstance(x, Tensor) and not hasattr(x, "__torch_function__"):  # tracers pass stand-ins that have it
            raise ValueError(f"bi_wkv: {name} is of type {type(x).__name__}; expected a tensor")
        if not compiling and isinstance(x, Tensor) and unpack_dual(x).tangent is not None:
            raise NotImplementedError(f"bi_wkv: {name} has a tangent; forward mode is not implemented")
    if compiling:  # torch.compile hides the type of an error that the operator itself raises
        _check(r, k, v, omega, u, backend)
    return torch.ops.lcr.bi_wkv(r, k, v, omega, u, bidirectional, backend)


def _check(r: Tensor, k: Tensor, v: Tensor, omega: Tensor, u: Tensor, backend: str) -> None:
    """Raises ValueError for arguments of `bi_wkv` that do not fit."""
    if backend not in BACKENDS and backend != "auto":
        raise ValueError(f"bi_wkv: backend '{backend}' is not known; expected auto, {', '.join(BACKENDS)}")
    shape, dtype, device = r.shape, r.dtype, r.device
    if len(shape) != 4:
        raise ValueError(f"bi_wkv: r has shape {tuple(shape)}; expected (B, H, N, D)")
    expected = None if backend == "auto" else _misfit(backend, device.type, dtype, shape[3])
    if expected:
        absent = backend == "cuda" and _cuda().missing()
        raise ValueError(
            f"bi_wkv: r has shape {tuple(shape)}, {dtype}, on {device}; {expected}{f'; {absent}' if absent else ''}"
        )
    small = shape[1], shape[3]
    for name, x, size in zip(NAMES, (r, k, v, omega, u), (shape, shape, shape, small, small), strict=True):
        if x.shape != size:
            what = "the shape of r" if len(size) == 4 else f"(H, D), with r {tuple(shape)}"
            raise ValueError(f"bi_wkv: {name} has shape {tuple(x.shape)}; expected {tuple(size)}, {what}")
        dtypes = _FLOATS if name == "r" else (dtype,) if len(size) == 4 else (dtype, torch.float32)
        if x.dtype not in dtypes and not (x.dtype in _FLOATS and _autocasts(device.type)):
            names = " or ".join(dict.fromkeys(str(a).removeprefix("torch.") for a in dtypes))
            raise ValueError(f"bi_wkv: {name}, shape {tuple(x.shape)}, is {x.dtype}; expected {names}")
        if x.device != device:
            raise ValueError(f"bi_wkv: {name}, shape {tuple(x.shape)}, is on {x.device}; expected {device}, where r is")


def _autocasts(device: str) -> bool:
    return torch.amp.is_autocast_available(device) and torch.is_autocast_enabled(device)


def _kernel(r: Tensor, backend: str) -> ModuleType:
    if backend == "auto":  # selected at run time: a compiled or exported graph is free to move to another device
        backend = selection(r.device.type, r.dtype, r.shape[3])[0]
    return _cuda() if backend == "cuda" else _MODULES[backend]


# not torch.library.custom_op: its first call imports torch's compiler (1.1 s in each process that only evaluates), and
# its wrappers add 30 µs to both passes (2% at N = 197)
torch.library.define(
    "lcr::bi_wkv", "(Tensor r, Tensor k, Tensor v, Tensor omega, Tensor u, bool bidirectional, str backend) -> Tensor"
)
torch.library.define(
    "lcr::bi_wkv_backward",
    "(Tensor r, Tensor k, Tensor v, Tensor omega, Tensor u, Tensor dy, bool bidirectional, str backend)"
    " -> (Tensor, Tensor, Tensor, Tensor, Tensor)",
)


def _forward(r, k, v, omega, u, bidirectional, backend):
    _check(r, k, v, omega, u, backend)
    return _kernel(r, backend).forward(r, k, v, omega, u, bidirectional)


def _backward(r, k, v, omega, u, dy, bidirectional, backend):
    _check(r, k, v, omega, u, backend)
    if dy.shape != r.shape or dy.dtype != r.dtype or dy.device != r.device:
        raise ValueError(
            f"bi_wkv_backward: dy has shape {tuple(dy.shape)}, {dy.dtype}, on {dy.device}; "
            f"expected what y has: {tuple(r.shape)}, {r.dtype}, on {r.device}"
        )
    return _kernel(r, backend).backward(r, k, v, omega, u, dy, bidirectional)


def _untraced(function: Callable) -> Callable:
    """`torch.compiler.disable(function)`, from the moment that another module has loaded the compiler."""
    disabled = None

    def call(*inputs):
        nonlocal disabled
        if disabled is None and "torch._dynamo" in sys.modules:
            disabled = torch.compiler.disable(function)
        return (disabled or function)(*inputs)

    return call


torch.library.impl("lcr::bi_wkv", "default", _untraced(_forward))
torch.library.impl("lcr::bi_wkv_backward", "default", _untraced(_backward))


@torch.library.register_fake("lcr::bi_wkv")
def _(r, k, v, omega, u, bidirectional, backend):
    _check(r, k, v, omega, u, backend)
    return r.new_empty(r.shape)


@torch.library.register_fake("lcr::bi_wkv_backward")
def _(r, k, v, omega, u, dy, bidirectional, backend):
    return tuple(x.new_empty(x.shape) for x in (r, k, v, omega, u))


class _FirstDerivative(torch.autograd.Function):
    """The gradients under create_graph=True: their derivative is an error instead of a silent zero."""

    @staticmethod
    def forward(ctx, *inputs):
        return torch.ops.lcr.bi_wkv_backward(*inputs)

    @staticmethod
    def backward(ctx, *gradients):
        raise RuntimeError("bi_wkv: second derivatives are not implemented; its gradients cannot be differentiated")


def _save(ctx, inputs, output):
    *tensors, ctx.bidirectional, ctx.backend = inputs
    ctx.save_for_backward(*tensors)


def _gradients(ctx, dy):
    r, k, v, omega, u = ctx.saved_tensors  # in any dtype: hooks on saved tensors may change it
    small = torch.promote_types(dy.dtype, torch.float32)
    inputs = r.to(dy.dtype), k.to(dy.dtype), v.to(dy.dtype), omega.to(small), u.to(small)
    gradients = _FirstDerivative.apply if torch.is_grad_enabled() else torch.ops.lcr.bi_wkv_backward
    return *gradients(*inputs, dy, ctx.bidirectional, ctx.backend), None, None


torch.library.register_autograd("lcr::bi_wkv", _gradients, setup_context=_save)
for _device in ("cpu", "cuda"):
    torch.library.register_autocast("lcr::bi_wkv", _device, torch.float32)


def multiply_adds(shape: tuple[int, ...], bidirectional: bool = True) -> int:
    """Multiply-adds of one forward call on r of shape (B, H, N, D), by the definition in chunk form, L = 32.

    Two directions: 4D² + 2LD a token and head. K̂ᵀV adds a token to both states (2D²), R̂·[S_f; S_b] reads both (2D²);
    inside a chunk R·Kᵀ and its product with V are L·D each. One direction has half of the state work: 2D² + 2LD.
    The count is the same for every backend, whatever it saves or wastes (short chunks, masks).
    """
    batch, heads, tokens, width = shape
    return batch * heads * tokens * ((4 if bidirectional else 2) * width + 2 * chunk.CHUNK) * width


@register_flop_formula(torch.ops.lcr.bi_wkv)
def _(r_shape, k_shape, v_shape, omega_shape, u_shape, bidirectional, backend, *args, out_shape=None, **kwargs) -> int:
    return 2 * multiply_adds(r_shape, bidirectional)


@register_flop_formula(torch.ops.lcr.bi_wkv_backward)
def _(r_shape, *shapes_and_flags, out_shape=None, **kwargs) -> int:
    # states of (k, v) and of (r, dy), read for dr, dk and dv: 5 products against 2, inside chunks as well
    return 5 * multiply_adds(r_shape, shapes_and_flags[-2])
