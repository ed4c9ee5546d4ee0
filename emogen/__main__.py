"""`python -m emogen` is the command line."""

from emogen.cli import main

main()
