"""One file a figure: a pure function from table rows to a matplotlib Figure, which its notebook shows and saves.

Imported where a figure is drawn, and nowhere else: seaborn alone takes two seconds.
"""
