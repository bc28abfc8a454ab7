"""Running the command line: in this process where it can be, as a process of its own where not."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pytest

from service import cli

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Ended:
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        """All that it said, with the line breaks of a narrow screen taken out."""
        return " ".join((self.out + self.err).split())


class Run(Protocol):
    """Runs `orderflex` with some arguments; settings by their names without the prefix."""

    def __call__(self, *arguments: str, **settings: str) -> Ended: ...


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """Give settings as environment variables."""
    return {f"ORDERFLEX_{name.upper()}": value for name, value in settings.items()}


def here(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Ended]:
    """Run it in this process: for commands that leave logging and signals alone."""

    def run(*arguments: str, **settings: str) -> Ended:
        with monkeypatch.context() as patched:
            patched.setattr(sys, "argv", ["orderflex", *arguments])
            for name, value in environment(settings).items():
                patched.setenv(name, value)
            capsys.readouterr()
            with pytest.raises(SystemExit) as ended:
                cli.main()
        code = ended.value.code
        assert isinstance(code, int)
        return Ended(code, *capsys.readouterr())

    return run


def apart(folder: Path) -> Callable[..., Ended]:
    """Run it as a process of its own."""

    def run(*arguments: str, **settings: str) -> Ended:
        ended = subprocess.run(
            [sys.executable, "-m", "service", *arguments],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT), **environment(settings)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return Ended(ended.returncode, ended.stdout, ended.stderr)

    return run
