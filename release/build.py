"""Builds the image from the Dockerfile, by buildah."""

import fcntl
import tempfile
from dataclasses import dataclass
from pathlib import Path

from release import pip_settings
from release.base import debian_base
from release.programs import UNNOTICED, Failed, ImagesUnavailable, buildah, podman, require

ROOT = Path(__file__).parents[1]
CACHE = ROOT / ".cache" / "image"


@dataclass(frozen=True)
class Image:
    """An image in podman's storage; sizes are in bytes, unpacked."""

    id: str
    base: str
    size: int
    base_size: int

    def __str__(self) -> str:
        own = self.size - self.base_size
        return (
            f"image {self.id[:12]}: {self.size / 1e6:.0f} MB, "
            f"{own / 1e6:.0f} MB of it on top of {self.base}"
        )


def build(name: str, base: str | None = None) -> Image:
    """Build it and give it a name; without a base it stands on this machine's Debian.

    Layers that are there already are used again. Raises ImagesUnavailable and Failed.
    """
    require()
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / ".lock").open("w") as lock, tempfile.TemporaryDirectory() as work:
        fcntl.flock(lock, fcntl.LOCK_EX)
        stands_on = base if base is not None else _base_that_runs()
        made = Path(work) / "id"
        buildah(
            "bud",
            *("--isolation", "chroot"),
            *("--format", "docker"),  # the other form has no health check
            "--layers",
            *(("--pull-never",) if base is None else ()),
            *("--build-arg", f"BASE={stands_on}"),
            *pip_settings.arguments(pip_settings.in_force(), Path(work)),
            *("--iidfile", made),
            *("--tag", name),
            ROOT,
        )
        number = made.read_text(encoding="utf-8").strip().removeprefix("sha256:")
    return Image(number, stands_on, _size(number), _size(stands_on))


def _base_that_runs() -> str:
    """Make the base and try it: what fails here is the machine's fault, and not the image's."""
    try:
        base = debian_base(CACHE)
        podman("run", "--rm", *UNNOTICED, base, "true")
    except Failed as error:
        raise ImagesUnavailable(f"containers can't be made or run here: {error}") from None
    return base


def _size(name: str) -> int:
    return int(podman("image", "inspect", "--format", "{{.Size}}", name))
