"""The programs that check the deployment: where deploy/tools has put them, or on the PATH."""

import os
import shutil
import sys
from pathlib import Path

import pytest

_PLACES = (
    str(Path(__file__).parents[2] / ".cache" / "tools" / "bin"),
    str(Path(sys.executable).parent),
    os.environ.get("PATH", ""),
)


def tool(name: str) -> str:
    """Find a program; the test is skipped, loudly, where there is none."""
    found = shutil.which(name, path=os.pathsep.join(_PLACES))
    if found is None:
        pytest.skip(f"NOT CHECKED: {name} is not there; deploy/tools installs it, and needs Go")
    return found
