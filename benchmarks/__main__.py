"""`python -m benchmarks NAME [--json] [--check]`: measure, print, and with --check fail under a floor."""

from __future__ import annotations

import argparse
import importlib
import sys
from pathlib import Path

from benchmarks._report import Figure, as_json, as_table


def main() -> int:
    """Run one benchmark: a module of this package with `measure() -> list[Figure]`."""
    names = sorted(path.stem for path in Path(__file__).parent.glob("[!_]*.py"))
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("name", choices=names)
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument("--check", action="store_true", help="exit with 1 where a figure misses its bound")
    arguments = parser.parse_args()
    figures: list[Figure] = importlib.import_module(f"benchmarks.{arguments.name}").measure()
    print(as_json(figures) if arguments.json else as_table(figures))
    missed = [figure for figure in figures if not figure.holds]
    return 1 if arguments.check and missed else 0


if __name__ == "__main__":
    sys.exit(main())
