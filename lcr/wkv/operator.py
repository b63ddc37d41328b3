"""The one door to Bi-WKV: checks arguments, chooses a backend, is one node to autograd, tracing and torch.compile."""

import functools
import logging
import sys

import torch
from torch import Tensor
from torch.autograd import forward_ad
from torch.utils.flop_counter import register_flop_formula

from lcr.wkv import chunk, cpu, reference

BACKENDS = ("reference", "torch", "cpu", "cuda")
_MODULES = {"reference": reference, "torch": chunk, "cpu": cpu}  # what needs no GPU
_FLOATS = (torch.float32, torch.float64, torch.bfloat16, torch.float16)
_Key = torch._C.DispatchKey
# bound here: each name looked up in torch's large modules is a cache miss after a model's other layers
_keys_of_thread, _keys_of = torch._C._dispatch_tls_local_include_set, torch._C._dispatch_keys
_autocast_is_on, _profiler_is_on = torch.is_autocast_enabled, torch.autograd._profiler_enabled
_hooks_on_saved_tensors = torch._C._autograd._top_saved_tensors_default_hooks
_has_torch_function, _grad_is_on = torch.overrides.has_torch_function, torch.is_grad_enabled
_EAGER = torch._C.DispatchKeySet(_Key.BackendSelect).add(_Key.ADInplaceOrView)  # a thread in no mode of torch's
_PLAIN = torch._C.DispatchKeySet(_Key.CPU).add(_Key.ADInplaceOrView).add(_Key.AutogradCPU).add(_Key.AutocastCPU)
_log = logging.getLogger("lcr.wkv")


def _cuda():
    from lcr.wkv import cuda  # only where asked for: a machine without a GPU never loads it

    return cuda


def _misfit(backend: str, device: str, dtype: torch.dtype, width: int) -> str | None:
    """What `backend` expects, if tensors of this kind are not that."""
    if backend not in ("cpu", "cuda"):
        return None
    fits, widths = (
        (width <= cpu.MAX_WIDTH, f"up to {cpu.MAX_WIDTH}")
        if backend == "cpu"
        else (width in _cuda().WIDTHS, f"of {', '.join(map(str, _cuda().WIDTHS))}")
    )
    if fits and device in (backend, "meta") and dtype != torch.float64:
        return None
    return f"backend '{backend}' expects {backend.upper()} tensors of float32, bfloat16 or float16 with D {widths}"


@functools.cache
def choice(device: str, dtype: torch.dtype = torch.float32, width: int = 64) -> tuple[str, str]:
    """The backend that `auto` takes for tensors of this device type, dtype and channels a head, and why.

    Said once for each kind of tensors, at level INFO of the logger "lcr.wkv".
    """
    backend, why = "torch", f"no kernel of ours serves {device} tensors"
    if device in ("cpu", "cuda"):
        native = cpu if device == "cpu" else _cuda()
        why = _misfit(device, device, dtype, width) or native.missing()
        backend, why = ("torch", why) if why else (device, native.description())
    _log.info("bi_wkv: auto takes '%s' for %s on %s, D = %d: %s", backend, dtype, device, width, why)
    return backend, why


def backend_for(device: torch.device | str, dtype: torch.dtype = torch.float32, width: int = 64) -> str:
    """The backend that `auto` takes for tensors of this device and dtype and this many channels a head."""
    return choice(torch.device(device).type, dtype, width)[0]


def bi_wkv(
    r: Tensor, k: Tensor, v: Tensor, omega: Tensor, u: Tensor, *, bidirectional: bool = True, backend: str = "auto"
) -> Tensor:
    """Linear attention with a static decay per channel, in both directions (equation 5; VRWKV6's operator).

    y_t = r_t · ( diag(u) k_tᵀv_t + Σ_{i<t} diag(w)^{t-1-i} k_iᵀv_i + Σ_{i>t} diag(w)^{i-t-1} k_iᵀv_i ), w = exp(-e^ω)

    r, k, v: (B, H, N, D) of one floating dtype, any strides; omega, u: (H, D), of the same dtype or float32; returns
    y (B, H, N, D), contiguous, of r's dtype. Differentiable in all five, once, by autograd and not by torch.func's
    grad, vjp and jvp. Without `bidirectional` no third sum. A NaN in r, k or v is one in y and, but for dω and for
    backend "reference", in the gradients where the sum has it and nowhere else; one in ω spreads further.
    Works in float64 for float64, in float32 otherwise; under autocast all but float64 is taken to float32 first.
    Holds its inputs for the backward pass, and "cpu" up to 272 tokens its states (`lcr.wkv.cpu.room_to_keep`).
    backend: "auto" (the fastest that fits, see `choice`), "torch" (any device), "cpu" (the native kernel: D up to 128,
    not float64), "cuda" (a GPU and the extra [cuda]: D of 32, 48, 64, 96, 128, not float64), or "reference" (the
    float64 sum over all pairs: N² memory, for tests).
    Raises ValueError, naming the argument, its shape and what was expected, also while torch.compile traces (with
    fullgraph=True, or a dtype mixed under autocast, torch wraps it in an error of its own); RuntimeError if "cpu" or
    "cuda" is asked for and not there.
    """
    compiling = torch.compiler.is_compiling()
    if not compiling and _nobody_listens(r, k, v, omega, u):
        native = backend in ("auto", "cpu") and cpu.library()
        if not (native and native.fits(r, k, v, omega, u)):  # all that is to be checked, and five times as fast
            _check(r, k, v, omega, u, backend)
        return _differentiable(_kernel(r, backend), r, k, v, omega, u, bidirectional, backend)
    for name, x in (("r", r), ("k", k), ("v", v), ("omega", omega), ("u", u)):
        if not isinstance(x, Tensor) and not hasattr(x, "__torch_function__"):  # a stand-in of a tracer's has it
            raise ValueError(f"bi_wkv: {name} is of type {type(x).__name__}; expected a tensor")
    if compiling:  # an error of the operator itself would lose its type
        _check(r, k, v, omega, u, backend)
    return torch.ops.lcr.bi_wkv(r, k, v, omega, u, bidirectional, backend)


def _nobody_listens(*tensors: Tensor) -> bool:
    """Whether torch's dispatcher would do no more than pass plain CPU tensors on, which costs it 14 µs a pass.

    True only if no mode, transform, tracer, autocast or profiler is on and the tensors are neither subclasses nor lazy
    (a negative bit): whatever else torch knows of, now or one day, makes it False, and the dispatcher decides.
    """
    try:
        return (
            _keys_of_thread() == _EAGER
            and not _autocast_is_on("cpu")
            and not _has_torch_function(tensors)
            and not _profiler_is_on()
            and all(map(_PLAIN.__eq__, map(_keys_of, tensors)))
        )
    except TypeError:  # something is no tensor
        return False


def _check(r: Tensor, k: Tensor, v: Tensor, omega: Tensor, u: Tensor, backend: str) -> None:
    if backend not in BACKENDS and backend != "auto":
        raise ValueError(f"bi_wkv: backend '{backend}' is not known; expected auto, {', '.join(BACKENDS)}")
    shape = r.shape
    if len(shape) != 4:
        raise ValueError(f"bi_wkv: r has shape {tuple(shape)}; expected (B, H, N, D)")
    dtype, device, small = r.dtype, r.device, (shape[1], shape[3])
    expected = None if backend == "auto" else _misfit(backend, device.type, dtype, shape[3])
    if expected:
        absent = backend == "cuda" and _cuda().missing()
        raise ValueError(
            f"bi_wkv: r has shape {tuple(shape)}, {dtype}, on {device}; {expected}{f'; {absent}' if absent else ''}"
        )
    if (
        (k.shape == shape and v.shape == shape and omega.shape == small and u.shape == small)
        and (dtype in _FLOATS and k.dtype == v.dtype == omega.dtype == u.dtype == dtype)
        and (k.device == v.device == omega.device == u.device == device)
    ):
        return
    autocast = torch.amp.is_autocast_available(device.type) and torch.is_autocast_enabled(device.type)
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
_operator, _gradients = torch.ops.lcr.bi_wkv.default, torch.ops.lcr.bi_wkv_backward.default


def _kernel(r: Tensor, backend: str):
    if backend == "auto":  # chosen here, not in the door: a compiled or exported graph is free to move
        backend = choice("cpu" if r.is_cpu else r.device.type, r.dtype, r.shape[3])[0]
    return _cuda() if backend == "cuda" else _MODULES[backend]


def _forward(r, k, v, omega, u, bidirectional, backend):
    _check(r, k, v, omega, u, backend)
    return _kernel(r, backend).forward(r, k, v, omega, u, bidirectional)


def _checked_backward(r, k, v, omega, u, dy, bidirectional, backend):
    _check(r, k, v, omega, u, backend)
    if dy.shape != r.shape or dy.dtype != r.dtype or dy.device != r.device:
        raise ValueError(
            f"bi_wkv_backward: dy has shape {tuple(dy.shape)}, {dy.dtype}, on {dy.device}; "
            f"expected what y has: {tuple(r.shape)}, {r.dtype}, on {r.device}"
        )
    return _kernel(r, backend).backward(r, k, v, omega, u, dy, bidirectional)


def _untraced(function):
    """`torch.compiler.disable(function)`, made once the compiler is there: to load it for that takes two seconds."""
    disabled = None

    def call(*inputs):
        nonlocal disabled
        if disabled is None and "torch._dynamo" in sys.modules:
            disabled = torch.compiler.disable(function)
        return (disabled or function)(*inputs)

    return call


_library.impl("bi_wkv", _untraced(_forward), "CompositeExplicitAutograd")
_library.impl("bi_wkv_backward", _untraced(_checked_backward), "CompositeExplicitAutograd")


@torch.library.register_fake("lcr::bi_wkv", lib=_library)
def _(r, k, v, omega, u, bidirectional, backend):
    _check(r, k, v, omega, u, backend)
    return r.new_empty(r.shape)


@torch.library.register_fake("lcr::bi_wkv_backward", lib=_library)
def _(r, k, v, omega, u, dy, bidirectional, backend):
    return tuple(x.new_empty(x.shape) for x in (r, k, v, omega, u))


class _Differentiable(torch.autograd.Function):
    @staticmethod
    def forward(ctx, how, r, k, v, omega, u):
        ctx.save_for_backward(r, k, v, omega, u)
        kernel, bidirectional, _ = ctx.how = how
        ctx.hooked = hooked = _hooks_on_saved_tensors(True) is not None
        if kernel is not cpu:
            ctx.kept = None
            return _run(r, k, v, omega, u, *how)
        # who wants saved tensors elsewhere, or not at all, wants no more of them here
        ctx.kept = kept = None if hooked else cpu.room_to_keep(r, bidirectional)
        return cpu.forward(r, k, v, omega, u, bidirectional, kept)

    @staticmethod
    def backward(ctx, dy):
        kernel, bidirectional, backend = ctx.how
        inputs, kept, ctx.kept = ctx.saved_tensors, ctx.kept, None  # used once: whoever still holds y does not hold it
        # what a hook gives back may be anything: a subclass, a lazy negative
        plain = kernel and not _grad_is_on() and _nobody_listens(dy, *(inputs if ctx.hooked else ()))
        if plain and kernel is cpu:
            return None, *cpu.backward(*inputs, dy, bidirectional, kept)
        inputs = _of_kind(dy.dtype, *inputs)
        if plain:
            return None, *kernel.backward(*inputs, dy, bidirectional)
        gradients = _FirstDerivative.apply if _grad_is_on() else _gradients
        return None, *gradients(*inputs, dy, bidirectional, backend)


def _of_kind(dtype, r, k, v, omega, u):
    """The inputs as the operator takes them beside dy, whatever dtype a hook on saved tensors gave them back in."""
    small = torch.promote_types(dtype, torch.float32)
    return r.to(dtype), k.to(dtype), v.to(dtype), omega.to(small), u.to(small)


# torch's own part of it, without its search for transforms, which `_nobody_listens` has done
_apply = super(torch.autograd.Function, _Differentiable).apply


class _FirstDerivative(torch.autograd.Function):
    """The gradients under create_graph=True: to differentiate them again is an error, and not a silent zero."""

    @staticmethod
    def forward(ctx, *inputs):
        return _gradients(*inputs)

    @staticmethod
    def backward(ctx, *gradients):
        raise RuntimeError("bi_wkv: second derivatives are not implemented; its gradients cannot be differentiated")


def _run(r, k, v, omega, u, kernel, bidirectional, backend):
    """y by a kernel; by torch's dispatcher, below autograd, if `kernel` is None."""
    if kernel:
        return kernel.forward(r, k, v, omega, u, bidirectional)
    with torch._C._AutoDispatchBelowAutograd():
        return _operator(r, k, v, omega, u, bidirectional, backend)


def _differentiable(kernel, r, k, v, omega, u, bidirectional, backend):
    how = kernel, bidirectional, backend
    if (
        _grad_is_on()
        and (r.requires_grad or k.requires_grad or v.requires_grad or omega.requires_grad or u.requires_grad)
    ) or forward_ad._current_level >= 0:  # forward mode is refused there, if an input has a tangent
        return (_apply if kernel else _Differentiable.apply)(how, r, k, v, omega, u)
    return _run(r, k, v, omega, u, *how)


# what torch.library.register_autograd does, without its 45 µs a call, a twentieth of forward and backward at N = 197
_library.impl("bi_wkv", _untraced(functools.partial(_differentiable, None)), "Autograd")
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
    # states of (k, v) and of (r, dy), read for dr, dk and dv: 5 products against 2, inside chunks as well
    return 5 * multiply_adds(r_shape, shapes_and_flags[-2])
