"""
Every benchmark, one after the other; the exit code is 1 where one of them misses a floor.

    python -m bench
"""

import subprocess
import sys
from pathlib import Path

import click

BENCHMARKS = sorted(path.stem for path in Path(__file__).parent.glob("[a-z]*.py"))

missed = []
for name in BENCHMARKS:
    click.echo(f"== {name}")
    command = [sys.executable, "-m", f"bench.{name}"]
    if subprocess.run(command, check=False).returncode:  # noqa: S603 - our own module
        missed.append(name)
if missed:
    sys.exit(f"missed a floor: {', '.join(missed)}")
