"""Temporary data does not pile up."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from demo.scratch import ScratchFolder

KILLED = """
import os, signal
from demo.scratch import ScratchFolder
ScratchFolder("killed")
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(autouse=True)
def _apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))


def test_a_closed_folder_is_gone(tmp_path: Path) -> None:
    folder = ScratchFolder("test")
    (folder.path / "data").write_text("data")
    folder.close()
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_owner_left_is_removed_by_the_next(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-c", KILLED],
        env=os.environ | {"TMPDIR": str(tmp_path), "PYTHONPATH": str(Path.cwd())},
        check=False,
    )
    (abandoned,) = tmp_path.iterdir()
    living = ScratchFolder("living")
    assert not abandoned.exists()
    ScratchFolder("another").close()
    assert living.path.exists()
    living.close()


def test_folders_of_others_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "orderflex-of-somebody").mkdir()
    ScratchFolder("test").close()
    assert [left.name for left in tmp_path.iterdir()] == ["orderflex-of-somebody"]
