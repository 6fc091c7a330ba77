"""`python -m tfcaps.cli` is `tfcaps`."""

from tfcaps.cli.main import main

main()
