"""Faults by the hundred: flipped bytes, fuzzed files, kills, bad command lines. `python -m tests.faults` runs all."""
