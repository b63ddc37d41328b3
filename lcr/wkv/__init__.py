"""The Bi-WKV operator: `bi_wkv` for all tokens, `decayed_keys` for one query token. Each is loaded on first use."""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lcr.wkv.operator import backend_for, bi_wkv, multiply_adds
    from lcr.wkv.query import decayed_keys

__all__ = ["backend_for", "bi_wkv", "decayed_keys", "multiply_adds"]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"lcr.wkv.{'query' if name == 'decayed_keys' else 'operator'}"), name)
