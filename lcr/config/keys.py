"""Keys: hashes of settings, library versions, and the sources of exactly those components that a result uses.

A component is a set of files. Its digest is blind to comments, docstrings, annotations and message texts, so an edit of
these redoes nothing. An edit of code that computes the same bits is proved, not trusted: `lcr keys prove` runs both
versions and records in proved.json that the new digest equals the old one. Free of torch.
"""

import ast
import hashlib
import importlib.util
import json
import platform
from collections.abc import Iterable
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

from lcr.config.made import Made
from lcr.util.files import atomic_write
from lcr.util.reading import read_json
from lcr.wkv.library import CUDA_WIDTHS, MAX_WIDTH, find

PACKAGE = Path(__file__).parents[1]
PROVED = Path(__file__).with_name("proved.json")
LIBRARIES = ("torch", "numpy", "opencv-python-headless")


def _synthetic(name: str, *others: str) -> tuple[str, ...]:
    """The files that synthetic clips of a format come from: those of all formats, its own, and its labels."""
    shared = ("dataset", "draw", "plan", "scene")
    return (*(f"synthetic/{part}.py" for part in (*shared, name, *others)), f"config/labels/{name}.txt")


def _method(name: str, network: str) -> tuple[str, ...]:
    """The files of a method beside LCR: its configuration, its module, and what all modules share."""
    return (
        *("methods/base.py", f"methods/{name}.py"),
        *("methods/networks/reader.py", f"methods/networks/{network}.py"),
    )


def _compared(name: str, *others: str) -> tuple[str, ...]:
    """The files of a comparison method of Table 2."""
    return (*_method(name, name), "methods/systems.py", *(f"methods/{other}.py" for other in others))


# The files of each component, relative to the package: its numbers depend on them and on nothing else of the package.
COMPONENTS: dict[str, tuple[str, ...]] = {
    "data": (
        *(f"data/{name}.py" for name in ("clips", "decode", "labels", "manifest", "pack", "prepare")),
        *("data/sampling.py", "data/transforms.py", "model/edges.py"),
    ),
    "format:jester": ("data/formats/annotations.py", "data/formats/jester.py"),
    "format:something": ("data/formats/annotations.py", "data/formats/something.py"),
    "format:kinetics": ("data/formats/annotations.py", "data/formats/kinetics.py", "config/labels/kinetics.txt"),
    "synthetic:jester": _synthetic("jester", "gestures", "hand", "take"),
    "synthetic:something": _synthetic("something", "hand", "take", "templates", "things", "video"),
    "synthetic:kinetics": _synthetic("kinetics", "activities", "body", "video"),
    "model": (*(f"model/{name}.py" for name in ("cell", "config", "edge_prompt", "lcr", "patches", "tube_mask")),),
    "gate:cross_rwkv": ("model/cross_rwkv.py", "model/q_shift.py", "model/scan.py", "wkv/query.py"),
    "gate:lstm": ("model/lstm_gate.py",),
    "method:chance": _method("chance", "chance"),
    "method:bag_of_frames": _method("bag_of_frames", "convolutions"),
    "method:cnn3d": _method("cnn3d", "convolutions"),
    "method:convlstm": _compared("convlstm", "plan"),
    "method:tsn": _compared("tsn", "plan"),
    "method:mobilenet_lstm": _compared("mobilenet_lstm", "plan"),
    "method:resnet3d": _compared("resnet3d", "plan", "residual"),
    "method:r2plus1d": _compared("r2plus1d", "plan", "residual"),
    "method:timesformer": _compared("timesformer", "networks/patches"),
    "method:imported": ("methods/base.py", "methods/imported.py"),
    "method:own": ("methods/base.py", "methods/own.py", "methods/networks/own.py"),
    "method:rvit": _compared("rvit", "networks/patches"),
    "wkv:cpu": ("wkv/operator.py", "wkv/cpu.py", "wkv/library.py", "wkv/native/*"),
    "wkv:torch": ("wkv/operator.py", "wkv/chunk.py", "wkv/query.py"),
    "wkv:cuda": ("wkv/operator.py", "wkv/cuda/*.py", "wkv/cuda/*.cu*"),
    "train": ("run/train.py", "run/protocol.py", "run/weights.py"),
    "evaluate": ("run/evaluate.py",),
    # Made once a study, beside its runs.
    "cost": ("cost/*.py", "methods/**/*.py", "model/*.py", "wkv/*.py", "config/variant.py", "paper/table1.csv"),
    "diagnosis": ("probes/diagnosis.py", "cost/count.py", "model/*.py", "wkv/*.py", "run/train.py"),
    "search": ("cost/*.py", "paper/table1.csv"),
    "tables": (
        *(
            "study/**/*.py",
            "report/**/*.py",
            "probes/attention.py",
            "study/claims/*.csv",
            "paper/*.[cy]*",
            "methods/base.py",
        ),
        *(f"cost/{name}.py" for name in ("baselines", "closed_form", "parts", "ranges", "table1")),
    ),
}


def hash_of(content: Any) -> str:
    """SHA-256 of a JSON-able value, keys sorted."""
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()


class Environment(NamedTuple):
    """The part of a machine that counts in keys: library versions, and the backend of the WKV operator (or None)."""

    versions: dict[str, str]
    backend: str | None

    @classmethod
    def here(cls, device: str = "cpu", width: int | None = None) -> "Environment":
        """The environment of this machine.

        Args:
            device: cpu or cuda.
            width: D, channels a head, of a model that runs the operator; None for one that does not.
        """
        return cls(_versions(), None if width is None else backend_here(device, width))

    @classmethod
    def of(cls, made: Made) -> "Environment":
        """The environment that a record tells of."""
        return cls({name: made.versions.get(name, "") for name in LIBRARIES}, made.backend)


@cache
def _versions() -> dict[str, str]:
    return {name: metadata.version(name) for name in LIBRARIES}


@cache
def backend_here(device: str, width: int) -> str:
    """The backend that `auto` selects on this machine (`lcr.wkv.operator`), told without loading torch."""
    if device == "cuda":
        return "cuda" if width in CUDA_WIDTHS and importlib.util.find_spec("cuda") else "torch"
    return "cpu" if width <= MAX_WIDTH and find()[0] is not None else "torch"


class _Meaning(ast.NodeTransformer):
    """Takes out of a syntax tree all that no number depends on: docstrings, annotations, texts of messages."""

    inside = 0  # functions around this node

    def _body(self, node: Any) -> Any:
        if ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:] or [ast.copy_location(ast.Pass(), node)]
        return self.generic_visit(node)

    visit_Module = visit_ClassDef = _body

    def visit_FunctionDef(self, node: Any) -> Any:
        node.returns = None
        self.inside += 1
        node = self._body(node)
        self.inside -= 1
        return node

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.annotation = None
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> Any:
        if not self.inside:  # a field of a class: its annotation is code
            return self.generic_visit(node)
        plain = ast.Pass() if node.value is None else ast.Assign([node.target], node.value)
        return self.generic_visit(ast.copy_location(plain, node))

    def visit_Raise(self, node: ast.Raise) -> ast.Raise:
        return _Silent().visit(self.generic_visit(node))

    def visit_Expr(self, node: ast.Expr) -> ast.Expr:
        called = node.value.func if isinstance(node.value, ast.Call) else None
        name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
        node = self.generic_visit(node)
        return _Silent().visit(node) if name in ("print", "warn", "info", "debug", "warning") else node


class _Silent(ast.NodeTransformer):
    """Empties all texts below a statement that only tells somebody something."""

    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        return ast.Constant("") if isinstance(node.value, str) else node

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.Constant:
        return ast.Constant("")


def shape_of(node: Any) -> Any:
    """A syntax tree as nested lists, the same in every version of Python: fields that are empty are left out."""
    if isinstance(node, ast.AST):
        fields = [[name, shape_of(value)] for name, value in ast.iter_fields(node) if value not in (None, [])]
        return [type(node).__name__, *fields]
    return [shape_of(one) for one in node] if isinstance(node, list) else repr(node)


def silenced(path: Path) -> ast.Module:
    """The syntax tree of a Python file without all that no number depends on."""
    return _Meaning().visit(ast.parse(path.read_text(encoding="utf-8")))


def meaning(path: Path) -> Any:
    """The content of a source file that numbers can depend on; other files than Python's count as they are."""
    return shape_of(silenced(path)) if path.suffix == ".py" else path.read_text(encoding="utf-8")


def files_of(components: Iterable[str]) -> list[Path]:
    """The files of some components, sorted, each once."""
    patterns = {pattern for name in components for pattern in COMPONENTS[name]}
    return sorted({file for pattern in patterns for file in PACKAGE.glob(pattern) if file.is_file()})


@cache
def _file_digest(path: Path) -> str:
    return hash_of(meaning(path))


def own_digest(files: Iterable[Path]) -> str:
    """Hash of a user's own source files, wherever they lie."""
    return hash_of([[file.name, meaning(file)] for file in files])


@cache
def source_digest(components: tuple[str, ...]) -> str:
    """Hash of the sources of some components as they stand in the package."""
    files = files_of(components)
    return hash_of([[file.relative_to(PACKAGE).as_posix(), _file_digest(file)] for file in files])


@cache
def _proved() -> dict[str, str]:
    return json.loads(PROVED.read_text(encoding="utf-8"))["equal"] if PROVED.is_file() else {}


def digest(components: tuple[str, ...]) -> str:
    """`source_digest`, or the earlier digest that it was proved to equal, so that earlier results stay valid."""
    found = source_digest(components)
    while found in _proved():
        found = _proved()[found]
    return found


def record_key(path: str | Path, key: str) -> None:
    """Writes the key and the machine that a table was made with, as JSON beside the table."""
    versions = {"python": platform.python_version()} | _versions()
    content = {"key": key, "versions": versions, "machine": platform.platform()}
    with atomic_write(path) as aside:
        aside.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def recorded_key(path: str | Path) -> str:
    """The key that `record_key` wrote; empty where there is none."""
    return _recorded(path, "key", "")


def recorded_versions(path: str | Path) -> dict[str, str]:
    """The library versions that `record_key` wrote; empty where there are none."""
    return _recorded(path, "versions", {})


def _recorded(path: str | Path, name: str, default: Any) -> Any:
    try:
        found = read_json(path)[name]
        return found if isinstance(found, type(default)) else default
    except (OSError, ValueError, LookupError, TypeError):
        return default
