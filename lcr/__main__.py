"""`python -m lcr`: the command line where the script `lcr` is not on PATH."""

from lcr.cli import main

main()
