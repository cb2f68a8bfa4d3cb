"""
Programs of the machine that examples are tried with: loudly left out where one is missing, a failure in CI.
"""

import os
import shutil

import pytest


def need(program: str, package: str) -> str:
    """Return where a program is. Where it is missing, the test is skipped and says so; in CI it fails."""
    found = shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if found:
        return found
    text = f"{program} is missing: install {package}, and this example is tried with it"
    if os.environ.get("CI") == "true":
        pytest.fail(text)
    pytest.skip(text)
