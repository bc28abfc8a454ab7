"""Where pip finds packages on this machine, told to the build of an image.

The build knows nothing of the environment and the files around it. What pip is told here (an index,
a proxy, own certificates, a folder of packages) goes to it as secrets of the build and as folders
that are only there while it runs: none of it is in a layer.
"""

import ast
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path

from release.programs import run

PASSED = (
    "index-url",
    "extra-index-url",
    "no-index",
    "find-links",
    "trusted-host",
    "proxy",
    "timeout",
    "retries",
)
_CERTIFICATES_INSIDE = "/run/secrets/pip-ca.pem"
_LINE = re.compile(r"(?:(?P<section>[\w:-]+)\.)(?P<name>[\w-]+)=(?P<value>.*)", re.DOTALL)


def in_force() -> dict[str, str]:
    """Give pip's settings by name, from its files and the environment."""
    return parsed(run([sys.executable, "-m", "pip", "config", "list"]))


def parsed(listing: str) -> dict[str, str]:
    """Read what `pip config list` prints; the environment's word is the last."""
    found: dict[str, str] = {}
    told = [match for line in listing.splitlines() if (match := _LINE.fullmatch(line))]
    for section in ("global", "install", ":env:"):
        for match in told:
            if match["section"] == section:
                name = match["name"].removeprefix("default-")
                found[name] = str(ast.literal_eval(match["value"]))
    return found


def arguments(settings: Mapping[str, str], folder: Path) -> list[str]:
    """Give buildah's arguments that tell the build of them; the secrets lie in `folder`.

    A folder of packages keeps its place in the build.
    """
    given: list[str] = []
    lines = ["[global]"]
    if settings.get("cert"):
        lines.append(f"cert = {_CERTIFICATES_INSIDE}")
        given += ["--secret", f"id=pip-ca.pem,src={settings['cert']}"]
    for name in PASSED:
        if settings.get(name):
            values = settings[name].split()
            lines.append("\n    ".join((f"{name} =", *values)))
            if name == "find-links":
                given += [part for each in values for part in _mounted(each)]
    secret = folder / "pip.conf"
    with os.fdopen(os.open(secret, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write("\n".join(lines) + "\n")
    return ["--secret", f"id=pip.conf,src={secret}", *given]


def _mounted(place: str) -> tuple[str, ...]:
    folder = place.removeprefix("file://")
    return ("--volume", f"{folder}:{folder}:ro") if Path(folder).is_dir() else ()
