"""The Dockerfile has no fault that a linter knows, and pip's settings reach the build."""

import subprocess
import sys
from pathlib import Path

import pytest

from release.build import build
from release.pip_settings import arguments, parsed
from release.programs import ImagesUnavailable

ROOT = Path(__file__).parents[2]


def test_a_linter_finds_nothing() -> None:
    linter = Path(sys.executable).with_name("hadolint")
    found = subprocess.run(
        [linter, ROOT / "Dockerfile"], capture_output=True, text=True, check=False
    )
    assert (found.returncode, found.stdout + found.stderr) == (0, "")


def test_every_file_that_pip_takes_is_locked_by_a_hash() -> None:
    told = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", "")
    (install,) = [line for line in told.splitlines() if "pip --python" in line]
    assert {"--require-hashes", "--only-binary", "requirements.lock"} <= set(install.split())


def test_what_pip_is_told_here_it_is_told_in_the_build(tmp_path: Path) -> None:
    packages = tmp_path / "packages"
    packages.mkdir()
    listing = (
        "global.index-url='https://packages.example/simple'\n"
        "global.timeout='15'\n"
        "install.trusted-host='one.example\\ntwo.example'\n"
        ":env:.cert='/etc/own.pem'\n"
        ":env:.default-timeout='60'\n"
        f":env:.find-links='{packages} https://wheels.example/'\n"
        "user.username='nobody'\n"
    )
    given = arguments(parsed(listing), tmp_path)
    assert given == [
        *("--secret", f"id=pip.conf,src={tmp_path}/pip.conf"),
        *("--secret", "id=pip-ca.pem,src=/etc/own.pem"),
        *("--volume", f"{packages}:{packages}:ro"),
    ]
    secret = tmp_path / "pip.conf"
    assert secret.stat().st_mode & 0o077 == 0
    assert secret.read_text(encoding="utf-8") == (
        "[global]\n"
        "cert = /run/secrets/pip-ca.pem\n"
        "index-url =\n    https://packages.example/simple\n"
        f"find-links =\n    {packages}\n    https://wheels.example/\n"
        "trusted-host =\n    one.example\n    two.example\n"
        "timeout =\n    60\n"
    )


def test_where_no_image_can_be_built_it_is_said_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("release.programs._PATH", "/nowhere")
    with pytest.raises(ImagesUnavailable, match="buildah, podman, runc, debootstrap not installed"):
        build("never")


def test_without_any_settings_pip_has_its_own(tmp_path: Path) -> None:
    assert arguments(parsed(""), tmp_path) == ["--secret", f"id=pip.conf,src={tmp_path}/pip.conf"]
    assert (tmp_path / "pip.conf").read_text(encoding="utf-8") == "[global]\n"
