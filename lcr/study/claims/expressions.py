"""Small expressions in the claims ledger: arithmetic and comparisons over named functions, and nothing else.

`t2("LCR", "top1") - t2("TimeSformer-L", "top1")` is a value, `round(measured, 2) == 2.37` a test. No attribute, no
index, no comprehension, no name that was not given: a ledger is data, and reading it must not run programs.
"""

import ast
import operator
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

from lcr.util.errors import InputError

_OPERATIONS: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
    ast.USub: operator.neg,
    ast.Not: operator.not_,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda one, many: one in many,
    ast.NotIn: lambda one, many: one not in many,
}


def evaluate(text: str, names: Mapping[str, Any]) -> Any:
    """The value of an expression.

    Args:
        names: the functions and values that it may use.

    Raises:
        InputError: the text is no expression, or uses what is not allowed or not known. Errors of the functions that
            it calls are theirs.
    """
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except SyntaxError as error:
        raise InputError(f"'{text}' is no expression: {error.msg}") from error
    return _value(tree.body, names, text)


def _value(node: ast.expr, names: Mapping[str, Any], text: str) -> Any:
    def value(part: ast.expr) -> Any:
        return _value(part, names, text)

    match node:
        case ast.Constant(value=constant):
            return constant
        case ast.Name(id=name) if name in names:
            return names[name]
        case ast.List(elts=parts) | ast.Tuple(elts=parts):
            return [value(part) for part in parts]
        case ast.UnaryOp(op=kind, operand=part) if type(kind) in _OPERATIONS:
            return _OPERATIONS[type(kind)](value(part))
        case ast.BinOp(left=left, op=kind, right=right) if type(kind) in _OPERATIONS:
            return _OPERATIONS[type(kind)](value(left), value(right))
        case ast.BoolOp(op=kind, values=parts):
            return (all if isinstance(kind, ast.And) else any)(value(part) for part in parts)
        case ast.Compare(left=left, ops=kinds, comparators=others) if all(type(kind) in _OPERATIONS for kind in kinds):
            pairs = pairwise([value(left), *map(value, others)])
            return all(_OPERATIONS[type(kind)](*pair) for kind, pair in zip(kinds, pairs, strict=True))
        case ast.Call(func=ast.Name(id=name), args=args, keywords=keywords) if name in names:
            return names[name](*map(value, args), **{str(key.arg): value(key.value) for key in keywords})
    raise InputError(f"'{text}': '{ast.unparse(node)}' is not allowed or not known; known: {', '.join(sorted(names))}")
