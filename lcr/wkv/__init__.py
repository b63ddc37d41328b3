"""The Bi-WKV operator behind one door: `bi_wkv` for all tokens, `decayed_keys` for one query token."""

from lcr.wkv.operator import backend_for, bi_wkv, multiply_adds
from lcr.wkv.query import decayed_keys

__all__ = ["backend_for", "bi_wkv", "decayed_keys", "multiply_adds"]
