"""The one door to Bi-WKV: checks arguments, chooses a backend, is one node to autograd, tracing and torch.compile."""

import torch
from torch import Tensor
from torch.utils.flop_counter import register_flop_formula

from lcr.wkv import chunk, cpu, reference

BACKENDS = ("reference", "torch", "cpu")
_FLOATS = (torch.float32, torch.float64, torch.bfloat16, torch.float16)


def backend_for(device: torch.device | str, dtype: torch.dtype = torch.float32, width: int = 64) -> str:
    """The backend that `auto` takes for tensors of this device and dtype and this many channels a head."""
    fits = torch.device(device).type == "cpu" and dtype != torch.float64 and width <= cpu.MAX_WIDTH
    return "cpu" if fits and cpu.library() is not None else "torch"


def bi_wkv(
    r: Tensor, k: Tensor, v: Tensor, omega: Tensor, u: Tensor, *, bidirectional: bool = True, backend: str = "auto"
) -> Tensor:
    """Linear attention with a static decay per channel, in both directions (equation 5; VRWKV6's operator).

    y_t = r_t · ( diag(u) k_tᵀv_t + Σ_{i<t} diag(w)^{t-1-i} k_iᵀv_i + Σ_{i>t} diag(w)^{i-t-1} k_iᵀv_i ), w = exp(-e^ω)

    r, k, v: (B, H, N, D) of one floating dtype, any strides; omega, u: (H, D), of the same dtype or float32; returns
    y (B, H, N, D), contiguous, of r's dtype. Differentiable in all five. Without `bidirectional` no third sum.
    Works in float64 for float64, in float32 otherwise; under autocast all but float64 is taken to float32 first.
    backend: "auto" (the fastest that fits), "torch" (any device), "cpu" (the native kernel: D up to 128, not
    float64), or "reference" (the float64 sum over all pairs: N² memory, for tests).
    Raises ValueError, naming the argument, its shape and what was expected; RuntimeError if "cpu" is not built.
    """
    _check(r, k, v, omega, u)
    if backend == "auto":
        backend = backend_for(r.device, r.dtype, r.shape[3])
    elif backend == "cpu":
        if r.device.type != "cpu" or r.dtype == torch.float64 or r.shape[3] > cpu.MAX_WIDTH:
            raise ValueError(
                f"bi_wkv: r has shape {tuple(r.shape)}, {r.dtype}, on {r.device}; backend 'cpu' expects CPU tensors of "
                f"float32, bfloat16 or float16 with D up to {cpu.MAX_WIDTH}"
            )
    elif backend not in BACKENDS:
        raise ValueError(f"bi_wkv: backend '{backend}' is not known; expected auto, {', '.join(BACKENDS)}")
    return torch.ops.lcr.bi_wkv(r, k, v, omega, u, bidirectional, backend)


def _check(r: Tensor, k: Tensor, v: Tensor, omega: Tensor, u: Tensor) -> None:
    shape = r.shape
    if len(shape) != 4:
        raise ValueError(f"bi_wkv: r has shape {tuple(shape)}; expected (B, H, N, D)")
    dtype, device, small = r.dtype, r.device, (shape[1], shape[3])
    if (
        (k.shape == shape and v.shape == shape and omega.shape == small and u.shape == small)
        and (dtype in _FLOATS and k.dtype == v.dtype == omega.dtype == u.dtype == dtype)
        and (k.device == v.device == omega.device == u.device == device)
    ):
        return
    autocast = torch.is_autocast_enabled(device.type)
    for name, x, expected in (
        ("r", r, shape),
        ("k", k, shape),
        ("v", v, shape),
        ("omega", omega, small),
        ("u", u, small),
    ):
        if x.shape != expected:
            what = "the shape of r" if len(expected) == 4 else f"(H, D), with r {tuple(shape)}"
            raise ValueError(f"bi_wkv: {name} has shape {tuple(x.shape)}; expected {tuple(expected)}, {what}")
        allowed = _FLOATS if autocast or name == "r" else (dtype,) if x.ndim == 4 else (dtype, torch.float32)
        if x.dtype not in allowed:
            names = " or ".join(dict.fromkeys(str(a).removeprefix("torch.") for a in allowed))
            raise ValueError(f"bi_wkv: {name}, shape {tuple(x.shape)}, is {x.dtype}; expected {names}")
        if x.device != device:
            raise ValueError(f"bi_wkv: {name}, shape {tuple(x.shape)}, is on {x.device}; expected {device}, where r is")


_library = torch.library.Library("lcr", "DEF")
_library.define(
    "bi_wkv(Tensor r, Tensor k, Tensor v, Tensor omega, Tensor u, bool bidirectional, str backend) -> Tensor"
)
_library.define(
    "bi_wkv_backward(Tensor r, Tensor k, Tensor v, Tensor omega, Tensor u, Tensor dy, bool bidirectional, str backend)"
    " -> (Tensor, Tensor, Tensor, Tensor, Tensor)"
)


def _forward(r, k, v, omega, u, bidirectional, backend):
    if backend == "reference":
        return reference.pairwise(r, k, v, omega, u, bidirectional).to(r.dtype)
    return (cpu if backend == "cpu" else chunk).forward(r, k, v, omega, u, bidirectional)


def _backward(r, k, v, omega, u, dy, bidirectional, backend):
    if backend == "reference":
        inputs = [x.detach().requires_grad_() for x in (r, k, v, omega, u)]
        with torch.enable_grad():
            y = reference.pairwise(*inputs, bidirectional)
        return torch.autograd.grad(y, inputs, dy.double())
    return (cpu if backend == "cpu" else chunk).backward(r, k, v, omega, u, dy, bidirectional)


_library.impl("bi_wkv", _forward, "CompositeExplicitAutograd")
_library.impl("bi_wkv_backward", _backward, "CompositeExplicitAutograd")


@torch.library.register_fake("lcr::bi_wkv", lib=_library)
def _(r, k, v, omega, u, bidirectional, backend):
    return r.new_empty(r.shape)


@torch.library.register_fake("lcr::bi_wkv_backward", lib=_library)
def _(r, k, v, omega, u, dy, bidirectional, backend):
    return tuple(x.new_empty(x.shape) for x in (r, k, v, omega, u))


def _save(ctx, inputs, output):
    *tensors, ctx.bidirectional, ctx.backend = inputs
    ctx.save_for_backward(*tensors)


def _differentiate(ctx, dy):
    gradients = torch.ops.lcr.bi_wkv_backward(*ctx.saved_tensors, dy, ctx.bidirectional, ctx.backend)
    return *(g if needed else None for g, needed in zip(gradients, ctx.needs_input_grad, strict=False)), None, None


torch.library.register_autograd("lcr::bi_wkv", _differentiate, setup_context=_save, lib=_library)
for _device in ("cpu", "cuda"):
    torch.library.register_autocast("lcr::bi_wkv", _device, torch.float32, lib=_library)


def multiply_adds(shape: tuple[int, ...], bidirectional: bool = True) -> int:
    """Multiply-adds of one forward call on r of shape (B, H, N, D), by the definition in chunk form, L = 32.

    Two directions: 4D² + 2LD a token and head. K̂ᵀV adds a token to both states (2D²), R̂·[S_f; S_b] reads both (2D²);
    inside a chunk R·Kᵀ and its product with V are L·D each. One direction has half of the state work: 2D² + 2LD.
    What a backend saves or wastes (short chunks, masks) does not change the count.
    """
    batch, heads, tokens, width = shape
    return batch * heads * tokens * ((4 if bidirectional else 2) * width + 2 * chunk.CHUNK) * width


@register_flop_formula(torch.ops.lcr.bi_wkv)
def _(r_shape, k_shape, v_shape, omega_shape, u_shape, bidirectional, backend, *args, out_shape=None, **kwargs) -> int:
    return 2 * multiply_adds(r_shape, bidirectional)


@register_flop_formula(torch.ops.lcr.bi_wkv_backward)
def _(r_shape, *shapes_and_flags, out_shape=None, **kwargs) -> int:
    # two passes of states and four reads of them, against one and one
    return 2 * 3 * multiply_adds(r_shape, shapes_and_flags[-2])
