"""Faults by the hundred: flipped bytes, fuzzed files, kills and bad command lines. `python -m tests.faults` runs all."""
