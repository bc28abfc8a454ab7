"""A container of the image, as strictly closed as a cluster may ask for."""

import contextlib
import json
import os
import signal
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from release.build import Image
from release.programs import UNNOTICED, Failed, podman

VOLUME = "/srv/orderflex/var"
PYTHON = "/opt/orderflex/bin/python"
OWN_USER = 10_001
STRANGER = 23_456
"""A user, and a group, that the image has never heard of."""

STRICTLY = (
    *UNNOTICED,
    "--read-only",
    "--read-only-tmpfs=false",
    "--tmpfs=/tmp:size=4m,mode=1777,noexec,nosuid,nodev",
    "--cap-drop=ALL",
    "--security-opt=no-new-privileges",
)


class Container:
    """One container of the image; `log` is the file that it logs to."""

    def __init__(self, image: Image, name: str, log: Path) -> None:
        self.name = name
        self._image = image
        self._log = log

    def inspect(self) -> dict[str, Any]:
        """Everything that podman knows of it."""
        (told,) = json.loads(podman("inspect", self.name))
        found: dict[str, Any] = told
        return found

    def runs(self) -> bool:
        """Whether it has not ended."""
        return bool(self.inspect()["State"]["Running"])

    @property
    def pid(self) -> int:
        """The number of its first process, as we see it."""
        return int(self.inspect()["State"]["Pid"])

    def status(self) -> dict[str, str]:
        """What the kernel says of its first process."""
        return _status(self.pid)

    @staticmethod
    def handles(pid: int, number: signal.Signals) -> bool:
        """Whether a process has a handler for a signal."""
        return bool(int(_status(pid)["SigCgt"], 16) >> (number - 1) & 1)

    def python(self, program: str) -> str:
        """Run a Python program in it, beside its process; gives what that prints."""
        return podman("exec", self.name, PYTHON, "-c", program)

    def healthy(self) -> bool:
        """Run the image's own health check, as an engine would."""
        asked = podman("image", "inspect", "--format", "{{json .HealthCheck.Test}}", self._image.id)
        try:
            podman("exec", self.name, *json.loads(asked)[1:])
        except Failed:
            return False
        return True

    def wait(self, seconds: float = 60) -> int:
        """Wait for its end; gives its exit code."""
        return int(podman("wait", self.name, timeout=seconds))

    def stop(self, grace: int) -> tuple[int, float]:
        """SIGTERM, SIGKILL after the grace period (s); its exit code, and how long it took (s)."""
        before = time.monotonic()
        podman("stop", "--time", str(grace), self.name, timeout=grace + 20)
        return int(self.inspect()["State"]["ExitCode"]), time.monotonic() - before

    def said(self, lines: int = 30) -> str:
        """The last lines that it logged."""
        return "\n".join(self._log.read_text(encoding="utf-8").splitlines()[-lines:])

    def changed(self) -> set[str]:
        """What was added, changed or deleted in its file system; its mounts are not looked into."""
        return set(podman("diff", self.name).splitlines())


@contextlib.contextmanager
def running(
    image: Image,
    command: Sequence[str],
    environment: Mapping[str, str],
    folder: Path,
    *more: str,
    closed: Sequence[str] = STRICTLY,
) -> Iterator[Container]:
    """Run a command of the image in a container, which is gone at the end.

    `more` are arguments of podman. A test that fails shows what the container said.
    """
    name = f"orderflex-test-{uuid.uuid4().hex[:12]}"
    settings, log = folder / f"{name}.env", folder / f"{name}.log"
    settings.write_text("".join(f"{each}={value}\n" for each, value in environment.items()))
    logging = ("--log-driver=k8s-file", f"--log-opt=path={log}")
    try:
        podman(
            *("run", "--detach", "--name", name, "--env-file", settings),
            *(*logging, *closed, *more, image.id, *command),
        )
        container = Container(image, name, log)
        try:
            yield container
        except BaseException as error:
            error.add_note(f"{' '.join(command)} in the image said:\n{container.said()}")
            raise
    finally:
        podman("rm", "--force", "--ignore", "--time", "0", "--volumes", name)


def _status(pid: int) -> dict[str, str]:
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def volume_of(user: int, folder: Path) -> Path:
    """Make a folder that nobody but this user may use."""
    volume = folder / "volume"
    volume.mkdir(mode=0o700)
    os.chown(volume, user, user)
    return volume
