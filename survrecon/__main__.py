"""``python -m survrecon``."""

from survrecon.cli import main

main(prog_name="survrecon")
