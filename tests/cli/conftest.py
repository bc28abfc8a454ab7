"""An empty working folder, no settings from outside, and a wide screen."""

import os
from pathlib import Path

import pytest

from .commands import Run, apart, here


@pytest.fixture(autouse=True)
def nothing_given(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in os.environ:
        if name.startswith("ORDERFLEX_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("COLUMNS", "250")
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def orderflex(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """The command line, in this process."""
    return here(monkeypatch, capsys)


@pytest.fixture
def orderflex_apart(tmp_path: Path) -> Run:
    """The command line, as a process of its own."""
    return apart(tmp_path)
