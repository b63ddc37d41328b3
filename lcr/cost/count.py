"""What a model costs for one view: parameters, multiply-adds and memory, by component, with nothing left uncounted.

fvcore gives 0 for operators that it does not know and calls multiply-adds FLOPs. Here every operator in the trace is
either counted as multiply-adds, or on the short list of elementwise ones (counted apart, one operation an element of
the output), or only moves data; any other stops the count. One multiply-add is two FLOPs.

The model is counted as the paper describes it (`compute_unread=True`): all tokens, also those that nothing reads.
"""

import re
import warnings
from collections import Counter
from collections.abc import Callable
from math import prod
from typing import TYPE_CHECKING, Any, Literal

from lcr.cost.memory import Inputs, peak_memory, training_memory
from lcr.model.config import Frozen, ModelConfig
from lcr.util.errors import RunFailed

if TYPE_CHECKING:
    from torch import Tensor, nn

    from lcr.model import LCR

MACS, ELEMENTWISE = "multiply-adds", "elementwise"


class Cost(Frozen):
    """Cost of one view.

    params: number of parameters. gmacs: multiply-adds / 1e9. gflops: 2 × gmacs.
    peak_mem_gb: parameters and the most that is allocated at any moment of inference on one clip (its frames included),
        in 1e9 bytes, float32, as torch's allocator reports it: on a CPU the same in every run on one machine.
    train_mem_gb: the same of a training step on one clip, with gradients and AdamW's moments. Training leaves out what
        nothing reads (see lcr.model.lcr), so it may hold less than inference, which is measured as it is counted.
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
        """All that have parameters or multiply-adds, in the order of their names; elementwise work alone is last."""
        counted = sorted({*self.params_by_component, *self.macs_by_component})
        return [*counted, *sorted({*self.elementwise_by_component} - {*counted})]

    def component(self, name: str) -> tuple[int, int, int]:
        """Parameters, multiply-adds and elementwise operations of one component."""
        columns = (self.params_by_component, self.macs_by_component, self.elementwise_by_component)
        return tuple(column.get(name, 0) for column in columns)

    @property
    def totals(self) -> tuple[int, int, int]:
        """Parameters, multiply-adds and elementwise operations of the whole."""
        return self.params, sum(self.macs_by_component.values()), sum(self.elementwise_by_component.values())


# Where a parameter or module belongs: the first pattern that its name begins with. A product that a module computes
# itself, in no submodule, is its own: the causal convolution's part of the past, in the gate.
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
LSTM_COMPONENTS = ((r"units\.\d+\.gate", "LSTM gate"), *COMPONENTS)


def component(name: str, gate: str = "cross_rwkv") -> str:
    """The component that a parameter or module of LCR belongs to, by its dotted name.

    Raises:
        RunFailed: the name fits none: the model has a part that this list does not know.
    """
    for pattern, found in LSTM_COMPONENTS if gate == "lstm" else COMPONENTS:
        if re.match(pattern, name):
            return found
    raise RunFailed(f"'{name}' belongs to no component of lcr.cost.count.COMPONENTS; add it there")


def _shape(value: Any) -> tuple[int, ...]:
    return tuple(value.type().sizes())


def _macs(count: Callable[[list[Any], list[Any]], int]) -> Callable[[list[Any], list[Any]], Counter[str]]:
    return lambda inputs, outputs: Counter({MACS: count(inputs, outputs)})


def _product(position: int) -> Callable[[list[Any], list[Any]], Counter[str]]:
    """A product of matrices: each element of the output sums over the last axis of the input at `position`."""
    return _macs(lambda inputs, outputs: prod(_shape(outputs[0])) * _shape(inputs[position])[-1])


def _convolution(inputs: list[Any], outputs: list[Any]) -> int:
    """Each element of the output sums over kernel and channels of its group; weight (out, in / groups, …)."""
    if inputs[6].toIValue():
        raise RunFailed("a transposed convolution is in the model; lcr.cost.count has no count for it")
    return prod(_shape(outputs[0])) * prod(_shape(inputs[1])[1:])


def _lstm(inputs: list[Any], outputs: list[Any]) -> int:
    """nn.LSTM: every step multiplies x and h by the four gates' matrices, so each weight matrix once a token."""
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
    *("mean", "sum", "max"),
)
# They copy or index and compute no value, beside those that fvcore knows as such. Q-Shift is a gather.
MOVES = (
    *("aten::unflatten", "aten::im2col", "aten::pad", "aten::index_select", "aten::repeat", "aten::repeat_interleave"),
    *("aten::new_full", "aten::new_zeros", "aten::ones_like", "aten::clone", "aten::flip", "prim::PythonOp._QShift"),
)


def _elementwise(inputs: list[Any], outputs: list[Any]) -> Counter[str]:
    """One operation an element, of the input where that is larger (sums and means)."""
    return Counter({ELEMENTWISE: max(prod(_shape(one)) for one in (outputs[0], *inputs[:1]) if one.isCompleteTensor())})


def count_operations(model: "nn.Module", inputs: tuple["Tensor", ...]) -> dict[str, Counter[str]]:
    """Multiply-adds and elementwise operations of one forward pass, by module, without those of its submodules.

    Raises:
        RunFailed: the pass holds an operator that is neither counted nor known as elementwise or as moving data.
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
        raise RunFailed(
            f"operators without a count: {names}; give each a handle in lcr.cost.count, or a place on its lists"
        )
    own = {name: Counter(counter) for name, counter in counts.items()}
    for name, counter in counts.items():
        if name:
            own[name.rpartition(".")[0]].subtract(counter)
    return own


def cost(config: ModelConfig, frames: int, *, memory: Literal["cpu", "cuda"] | None = "cpu") -> Cost:
    """Cost of one view of `frames` frames, B = 1, without the tube mask, edge maps given.

    Every operation is done once a model or once a frame, so two short traces give the count of any length exactly.
    They run on torch's meta device, where nothing is computed.

    Args:
        memory: the device to measure it on, which takes an inference and a training step of the whole length; None to
            leave that out.

    Raises:
        RunFailed: the model has an operator or a part that is not on the lists here.
        InputError: the configuration has a reading that cannot be run.
    """
    import torch

    from lcr.model import LCR

    def clip(times: int, device: str) -> tuple["Tensor", ...]:
        size = config.frame_size
        given = [torch.zeros(1, times, channels, size, size, device=device) for channels in (3, 1)]
        return tuple(given if config.edge_prompt else given[:1])

    with torch.device("meta"):
        model = LCR(config, compute_unread=True).eval()
        one, two = (by_component(count_operations(model, clip(times, "meta")), config.gate) for times in (1, 2))
    totals = {
        key: {name: one[key][name] + (frames - 1) * (two[key][name] - one[key][name]) for name in two[key]}
        for key in two
    }
    params = parameters_by_component(model)
    macs = sum(totals[MACS].values())
    return Cost(
        params=sum(params.values()),
        params_by_component=params,
        gmacs=macs / 1e9,
        gflops=2 * macs / 1e9,
        macs_by_component={name: number for name, number in totals[MACS].items() if number},
        elementwise_by_component={name: number for name, number in totals[ELEMENTWISE].items() if number},
        **(measured_memory(config, memory, lambda: clip(frames, memory)) if memory else {}),
    )


def measured_memory(config: ModelConfig, device: str, clip: Inputs) -> dict[str, float]:
    """peak_mem_gb and train_mem_gb of `Cost`, on one device."""
    import torch

    from lcr.model import LCR

    with torch.random.fork_rng(devices=[]):  # drawing the weights and masks must not move the caller's generator
        inference = peak_memory(LCR(config, compute_unread=True).to(device).eval(), clip)
        training = training_memory(LCR(config).to(device), clip)
    return {"peak_mem_gb": inference / 1e9, "train_mem_gb": training / 1e9}


def parameters_by_component(model: "LCR") -> dict[str, int]:
    """Number of parameters of a built LCR by component."""
    params = Counter[str]()
    for name, parameter in model.named_parameters():
        params[component(name, model.config.gate)] += parameter.numel()
    return dict(params)


def by_component(counts: dict[str, Counter[str]], gate: str) -> dict[str, Counter[str]]:
    """What `count_operations` found by module, summed by component: {MACS: …, ELEMENTWISE: …}."""
    sums = {MACS: Counter[str](), ELEMENTWISE: Counter[str]()}
    for name, counter in counts.items():
        for key, number in counter.items():
            sums[key][component(name, gate)] += number
    return sums
