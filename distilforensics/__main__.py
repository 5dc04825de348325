"""Entry point for `python -m distilforensics` and for the console script."""

import sys


def main() -> None:
    """Run the command line and exit with its documented code."""
    from distilforensics.cli.diagnostics import run_cli

    sys.exit(run_cli(sys.argv[1:]))


if __name__ == "__main__":
    main()
