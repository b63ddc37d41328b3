"""Synthetic clips in the formats of Jester, Something-Something-V2 and Kinetics-400: seeded and bit-reproducible.

docs/fixtures/ shows a clip of each class; `lcr data fixture --dataset jester --out DIR` and `lcr data sheet --dataset
jester --root DIR --out docs/fixtures/jester.jpg` make such a sheet.
"""
