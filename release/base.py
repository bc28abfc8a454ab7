"""A base image made of this machine's own Debian, where no registry of images can be asked.

It is made once: an archive of it is kept in the cache folder, the image in podman's storage.
"""

import platform
import tempfile
from pathlib import Path

from release.programs import Failed, podman, run

PACKAGES = ("python3", "python3-venv", "ca-certificates")
# Packages' leftovers that no program reads.
_NEEDLESS = ("var/cache/apt", "var/lib/apt/lists", "usr/share/doc", "usr/share/man")


def debian_base(cache: Path) -> str:
    """Give the name of the base image, made first if it is not there. Raises Failed."""
    release = platform.freedesktop_os_release()["VERSION_CODENAME"]
    name = f"localhost/orderflex-base:{release}"
    if not _exists(name):
        archive = cache / f"base-{release}-{platform.machine()}.tar"
        if not archive.exists():
            _bootstrap(release, archive)
        podman("import", "--quiet", archive, name, timeout=300)
    return name


def _exists(name: str) -> bool:
    try:
        podman("image", "exists", name)
    except Failed:
        return False
    return True


def _bootstrap(release: str, archive: Path) -> None:
    archive.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=archive.parent, prefix="base-") as work:
        root, made = Path(work) / "root", Path(work) / archive.name
        run(
            [
                "debootstrap",
                "--variant=minbase",
                f"--include={','.join(PACKAGES)}",
                release,
                root,
                _mirror(release),
            ],
            timeout=600,
        )
        left_out = [f"--exclude=./{folder}/*" for folder in _NEEDLESS]
        run(["tar", "--create", f"--file={made}", f"--directory={root}", *left_out, "."])
        made.rename(archive)


def _mirror(release: str) -> str:
    """Give the address that this machine's own apt has its packages from."""
    listed = run(["apt-get", "indextargets", "--format", "$(CODENAME) $(REPO_URI)"])
    for line in listed.splitlines():
        codename, _, address = line.partition(" ")
        if codename == release and address:
            return address
    raise Failed(f"apt-get knows no source of packages for {release}")
