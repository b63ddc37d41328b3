"""Cost of one view of a model by component: parameters, multiply-adds and memory; no operator stays uncounted.

fvcore gives 0 for operators that it does not know, and calls multiply-adds FLOPs. Here every operator of the trace is
counted in multiply-adds, or is on the list of elementwise operators (counted apart, one operation an element of the
output), or moves data only; any other operator stops the count. One multiply-add is two FLOPs.

The model is counted as the paper describes it (`compute_unread=True`): reported FLOPs include the tokens that nothing
reads.
"""

import re
import warnings
from collections import Counter
from collections.abc import Callable
from math import prod
from typing import TYPE_CHECKING, Any, Literal

from lcr.cost.memory import peak_memory, training_memory
from lcr.methods import MethodConfig, build
from lcr.model.config import ModelConfig
from lcr.util.errors import RunFailed
from lcr.util.schema import Frozen

if TYPE_CHECKING:
    from torch import Tensor, nn

MACS, ELEMENTWISE = "multiply-adds", "elementwise"


class Cost(Frozen):
    """Cost of one view.

    params: number of parameters. gmacs: multiply-adds / 1e9. gflops: 2 × gmacs.
    peak_mem_gb: parameters and the most that inference on one clip (its frames included) allocates at any moment, in
        1e9 bytes, float32, by torch's allocator; on a CPU the same in every run on one machine.
    train_mem_gb: the same for a training step on one clip, with gradients and AdamW's moments. Training leaves out the
        tokens that nothing reads, so its peak may lie below that of inference, which computes them.
    macs_by_component, elementwise_by_component: multiply-adds, and elementwise operations (in no total above).
    """

    params: int
    params_by_component: dict[str, int]
    gmacs: float
    gflops: float
    macs_by_component: dict[str, int]
    elementwise_by_component: dict[str, int]
    peak_mem_gb: float | None = None
    train_mem_gb: float | None = None

    @property
    def components(self) -> list[str]:
        """Names of the components that have parameters or multiply-adds, then of those with elementwise work only."""
        counted = sorted({*self.params_by_component, *self.macs_by_component})
        return [*counted, *sorted({*self.elementwise_by_component} - {*counted})]

    def component(self, name: str) -> tuple[int, int, int]:
        """Parameters, multiply-adds and elementwise operations of one component."""
        columns = (self.params_by_component, self.macs_by_component, self.elementwise_by_component)
        return tuple(column.get(name, 0) for column in columns)

    @property
    def totals(self) -> tuple[int, int, int]:
        """Parameters, multiply-adds and elementwise operations of all components."""
        return self.params, sum(self.macs_by_component.values()), sum(self.elementwise_by_component.values())


# The component of a parameter or module is the first whose pattern its dotted name begins with. A product that a module
# computes itself counts as the module's own: CauConv's part of the past, as the gate's.
COMPONENTS = (
    (r"embedding\.position", "positions"),
    (r"embedding", "patch embedding"),
    (r"edge_prompt", "edge prompt"),
    (r"units\.\d+\.gate\.(spatial|norm_z|norm_e)", "spatial mix"),
    (r"units\.\d+\.gate\.(channel|norm_s)", "channel mix"),
    (r"units\.\d+\.gate(\.conv|$)", "causal convolution"),
    (r"units", "cell"),
    (r"(norm|head)\b", "head"),
    (r"$", "between layers"),
)
NO_GATE = "none"  # of the methods beside LCR
LSTM_COMPONENTS = ((r"units\.\d+\.gate", "LSTM gate"), *COMPONENTS)


def component(name: str, gate: str = "cross_rwkv") -> str:
    """Component of LCR that a parameter or module belongs to, by its dotted name; other methods are one component.

    Raises:
        RunFailed: no pattern of `COMPONENTS` fits the name.
    """
    if gate == NO_GATE:
        return "network"
    for pattern, found in LSTM_COMPONENTS if gate == "lstm" else COMPONENTS:
        if re.match(pattern, name):
            return found
    raise RunFailed(f"no pattern of COMPONENTS in lcr/cost/count.py fits the module '{name}'; add one there")


def _shape(value: Any) -> tuple[int, ...]:
    return tuple(value.type().sizes())


def _macs(count: Callable[[list[Any], list[Any]], int]) -> Callable[[list[Any], list[Any]], Counter[str]]:
    return lambda inputs, outputs: Counter({MACS: count(inputs, outputs)})


def _product(position: int) -> Callable[[list[Any], list[Any]], Counter[str]]:
    """Matrix product: each element of the output sums over the last axis of the input at `position`."""
    return _macs(lambda inputs, outputs: prod(_shape(outputs[0])) * _shape(inputs[position])[-1])


def _convolution(inputs: list[Any], outputs: list[Any]) -> int:
    """Convolution: an element of the output sums over kernel and channels of its group; weight (out, in/groups, …)."""
    if inputs[6].toIValue():
        raise RunFailed("the model has a transposed convolution, which lcr/cost/count.py cannot count")
    return prod(_shape(outputs[0])) * prod(_shape(inputs[1])[1:])


def _lstm(inputs: list[Any], outputs: list[Any]) -> int:
    """nn.LSTM: a step multiplies x and h by the four gates' matrices, so that each weight counts once a token."""
    tokens = prod(_shape(inputs[0])[:-1])
    return tokens * sum(prod(_shape(one)) for one in inputs[2].node().inputs() if len(_shape(one)) == 2)


def _attention(inputs: list[Any], outputs: list[Any]) -> int:
    """softmax(q kᵀ) v: q (…, N, E), k (…, M, E), v (…, M, E')."""
    q, k, v = (_shape(one) for one in inputs[:3])
    return prod(q[:-1]) * k[-2] * (q[-1] + v[-1])


def _bi_wkv(inputs: list[Any], outputs: list[Any]) -> int:
    from lcr.wkv import multiply_adds

    return multiply_adds(_shape(inputs[0]), inputs[5].toIValue())


MULTIPLY_ADDS: dict[str, Callable[[list[Any], list[Any]], Counter[str]]] = {
    "aten::linear": _product(0),
    "aten::matmul": _product(0),
    "aten::mm": _product(0),
    "aten::bmm": _product(0),
    "aten::addmm": _product(1),
    "aten::_convolution": _macs(_convolution),
    "aten::lstm": _macs(_lstm),
    "aten::scaled_dot_product_attention": _macs(_attention),
    "lcr::bi_wkv": _macs(_bi_wkv),
}
ELEMENTWISE_OPS = (
    *("add", "add_", "sub", "mul", "div", "neg", "abs", "square", "pow", "exp", "cos", "sin", "clamp", "lerp"),
    *("addcmul", "sigmoid", "tanh", "silu", "gelu", "relu", "softmax", "layer_norm", "where", "masked_fill"),
    *("mean", "sum", "max", "avg_pool2d", "max_pool2d", "max_pool3d", "batch_norm"),
    *("elu", "hardswish", "hardsigmoid"),
)
# Operators that copy or index, beside those that fvcore ignores by itself. Q-Shift is a gather.
MOVES = (
    *("aten::unflatten", "aten::im2col", "aten::pad", "aten::index_select", "aten::repeat", "aten::repeat_interleave"),
    *("aten::new_full", "aten::new_zeros", "aten::ones_like", "aten::clone", "aten::flip", "aten::lt"),
    *("aten::expand_as", "aten::movedim", "prim::PythonOp._QShift"),
)


def _elementwise(inputs: list[Any], outputs: list[Any]) -> Counter[str]:
    """One operation an element of the output, or of the input where it is larger (sums and means)."""
    return Counter({ELEMENTWISE: max(prod(_shape(one)) for one in (outputs[0], *inputs[:1]) if one.isCompleteTensor())})


def count_operations(model: "nn.Module", inputs: tuple["Tensor", ...]) -> dict[str, Counter[str]]:
    """Multiply-adds and elementwise operations of one forward pass, by module, without those of its submodules.

    Raises:
        RunFailed: an operator of the pass is on no list of this module.
    """
    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # fvcore scripts functions of its own when it is imported
        from fvcore.nn import FlopCountAnalysis

    analysis = FlopCountAnalysis(model, inputs).clear_op_handles()
    analysis.set_op_handle(**MULTIPLY_ADDS, **{f"aten::{name}": _elementwise for name in ELEMENTWISE_OPS})
    analysis.set_op_handle(**dict.fromkeys(MOVES, lambda inputs, outputs: Counter()))
    analysis.unsupported_ops_warnings(False).uncalled_modules_warnings(False).tracer_warnings("none")
    with torch.no_grad():
        counts = analysis.by_module_and_operator()
    if uncounted := analysis.unsupported_ops():
        names = ", ".join(f"{name} ({times} times)" for name, times in sorted(uncounted.items()))
        raise RunFailed(f"no count for the operators {names}; add each to a list in lcr/cost/count.py")
    own = {name: Counter(counter) for name, counter in counts.items()}
    for name, counter in counts.items():
        if name:
            own[name.rpartition(".")[0]].subtract(counter)
    return own


def cost(config: ModelConfig | MethodConfig, frames: int, *, memory: Literal["cpu", "cuda"] | None = "cpu") -> Cost:
    """Cost of one view of `frames` frames, B = 1, with edge maps given and without tube mask.

    Every operation of LCR runs once a clip or once a frame, so that traces of one and of two frames give the count of
    any length exactly, on torch's meta device, which computes nothing; other methods run at full length.

    Args:
        memory: the device on which to measure memory, by an inference and a training step of the whole length; None
            to leave it out.

    Raises:
        RunFailed: an operator or a module of the model is on no list of this module.
        InputError: the configuration has a reading that cannot be run.
    """
    import torch

    from lcr.model import LCR

    def clip(times: int, device: str) -> tuple["Tensor", ...]:
        size = config.frame_size
        given = [torch.zeros(1, times, channels, size, size, device=device) for channels in (3, 1)]
        reads_edges = not isinstance(config, ModelConfig) or config.edge_prompt or config.frame_source == "edges"
        return tuple(given if reads_edges else given[:1])

    def whole() -> "nn.Module":
        return LCR(config, compute_unread=True).eval() if isinstance(config, ModelConfig) else build(config).eval()

    if isinstance(config, ModelConfig):
        with torch.device("meta"):
            model = whole()
            one, two = (by_component(count_operations(model, clip(times, "meta")), config.gate) for times in (1, 2))
        totals = {
            key: {name: one[key][name] + (frames - 1) * (two[key][name] - one[key][name]) for name in two[key]}
            for key in two
        }
    else:  # torch 2.13 cannot trace a 3-D convolution on the meta device
        with torch.random.fork_rng(devices=[]):
            model = whole()
        totals = by_component(count_operations(model, clip(frames, "cpu")), NO_GATE)
    memories: dict[str, float] = {}
    if memory:
        with torch.random.fork_rng(devices=[]):  # the caller's random numbers stay as they were
            inference = peak_memory(whole().to(memory), lambda: clip(frames, memory))
            training = training_memory(build(config).to(memory), lambda: clip(frames, memory))
        memories = {"peak_mem_gb": inference / 1e9, "train_mem_gb": training / 1e9}
    params = parameters_by_component(model)
    macs = sum(totals[MACS].values())
    return Cost(
        params=sum(params.values()),
        params_by_component=params,
        gmacs=macs / 1e9,
        gflops=2 * macs / 1e9,
        macs_by_component={name: number for name, number in totals[MACS].items() if number},
        elementwise_by_component={name: number for name, number in totals[ELEMENTWISE].items() if number},
        **memories,
    )


def parameters_by_component(model: "nn.Module") -> dict[str, int]:
    """Number of parameters of a built model by component."""
    params = Counter[str]()
    for name, parameter in model.named_parameters():
        params[component(name, getattr(model.config, "gate", NO_GATE))] += parameter.numel()
    return dict(params)


def by_component(counts: dict[str, Counter[str]], gate: str) -> dict[str, Counter[str]]:
    """Counts of `count_operations`, summed by component: {MACS: …, ELEMENTWISE: …}."""
    sums = {MACS: Counter[str](), ELEMENTWISE: Counter[str]()}
    for name, counter in counts.items():
        for key, number in counter.items():
            sums[key][component(name, gate)] += number
    return sums
