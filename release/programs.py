"""The programs that images are built and run with here, and whether this machine has them."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

NEEDED = ("buildah", "podman", "runc", "debootstrap")
"""As Debian packages them, each under this name."""

UNNOTICED = (
    "--network=host",
    # podman's own limits are higher than runc may set everywhere.
    "--ulimit=nofile=1024:1024",
    "--ulimit=nproc=1024:1024",
    "--no-healthcheck",  # podman would have systemd ask, which need not be there
)
"""Of `podman run`: what a machine without systemd and without a network of its own needs."""

# Debian keeps runc and debootstrap where only root's PATH leads to.
_PATH = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"))
_BUILDAH = ("buildah", "--storage-driver", "overlay")
_PODMAN = ("podman", "--storage-driver", "overlay", "--cgroup-manager", "cgroupfs")


class ImagesUnavailable(RuntimeError):
    """No image can be built or run on this machine; the message says why."""


class Failed(RuntimeError):
    """A program ended with an error; the message shows the end of what it said."""


def require() -> None:
    """Raise ImagesUnavailable where images can't be built and run."""
    lacking = [name for name in NEEDED if shutil.which(name, path=_PATH) is None]
    if lacking:
        raise ImagesUnavailable(
            f"{', '.join(lacking)} not installed: apt-get install {' '.join(NEEDED)}"
        )
    if os.geteuid() != 0:
        raise ImagesUnavailable("debootstrap and runc are run as root here, and we are not root")


def run(command: Sequence[str | os.PathLike[str]], *, timeout: float = 600) -> str:
    """Run a program to its end and give what it printed, on stdout. Raises Failed after an error.

    `timeout` is in seconds.
    """
    try:
        done = subprocess.run(  # noqa: S603 - words of ours, no shell
            list(command),
            env={**os.environ, "PATH": _PATH, "DEBIAN_FRONTEND": "noninteractive"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise Failed(f"{command[0]} did not end within {timeout:g} s") from error
    if done.returncode != 0:
        said = "\n".join((done.stdout + done.stderr).splitlines()[-30:])
        raise Failed(f"{command[0]} ended with code {done.returncode}:\n{said}")
    return done.stdout


def buildah(*arguments: str | Path, timeout: float = 600) -> str:
    """Run buildah."""
    return run((*_BUILDAH, *arguments), timeout=timeout)


def podman(*arguments: str | Path, timeout: float = 60) -> str:
    """Run podman, which runs containers by runc."""
    runtime = shutil.which("runc", path=_PATH) or "runc"
    return run((*_PODMAN, "--runtime", runtime, *arguments), timeout=timeout)
