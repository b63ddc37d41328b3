"""Figures: pure functions from table rows to a matplotlib Figure, which a notebook shows and saves.

Imported where a figure is drawn, and nowhere else: seaborn alone takes two seconds.
"""
