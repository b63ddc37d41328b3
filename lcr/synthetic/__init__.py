"""Synthetic clips in the formats of Jester, Something-Something-V2 and Kinetics-400: seeded and bit-reproducible."""
