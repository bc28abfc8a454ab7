"""What is in the image: the service and what it is locked to, and nothing to build with."""

import json
import os
import stat
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from release.build import Image
from release.programs import podman
from release.sbom import locked

from .contained import PYTHON, STRICTLY

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
OWN = ("opt/orderflex", "srv/orderflex")
OF_THE_ENGINE = {"etc/hosts", "etc/hostname", "etc/resolv.conf"}
BUILDERS = {"pip", "pip3", "gcc", "cc", "g++", "make", "ld", "as", "git", "curl", "wget"}

pytestmark = [pytest.mark.image, pytest.mark.timeout(900)]


def inside(image: Image, program: str) -> str:
    """What a Python program prints when the image runs it."""
    return podman("run", "--rm", *STRICTLY, f"--entrypoint={PYTHON}", image.id, "-c", program)


@pytest.fixture(scope="module")
def files(image: Image) -> Iterator[Path]:
    """The image's file system, to look at."""
    yield Path(podman("image", "mount", image.id).strip())
    podman("image", "unmount", image.id)


@pytest.fixture(scope="module")
def files_of_base(image: Image) -> Iterator[Path]:
    """Its base's file system."""
    yield Path(podman("image", "mount", image.base).strip())
    podman("image", "unmount", image.base)


def names(root: Path) -> set[str]:
    """Every file below a folder, by its path from there."""
    return {
        os.path.relpath(Path(folder) / name, root)
        for folder, _, here in os.walk(root)
        for name in here
    }


def test_nothing_is_added_to_the_base_but_the_service(files: Path, files_of_base: Path) -> None:
    added = names(files) - names(files_of_base) - OF_THE_ENGINE
    assert {name for name in added if not name.startswith(OWN)} == set()


def test_there_is_nothing_to_build_or_install_python_packages_with(files: Path) -> None:
    found = names(files)
    assert {name for name in found if Path(name).parts[-2:-1] == ("bin",)} & {
        f"{folder}/{name}"
        for folder in ("bin", "usr/bin", "usr/local/bin", "opt/orderflex/bin")
        for name in BUILDERS
    } == set()
    packaging = {"pip", "setuptools", "wheel", "ensurepip"}
    assert {name for name in found if packaging & set(Path(name).parts)} == set()
    assert not any(name.endswith(".whl") for name in found)


def test_its_only_commands_are_its_own_and_python(files: Path) -> None:
    commands = {path.name for path in (files / "opt/orderflex/bin").iterdir()}
    assert commands == {"orderflex", "python", "python3", "python3.11"}


def test_nobody_becomes_root_by_it(files: Path) -> None:
    risen = [
        name
        for name in names(files)
        if not (files / name).is_symlink()
        and (files / name).stat().st_mode & (stat.S_ISUID | stat.S_ISGID)
    ]
    assert risen == []


def test_what_pip_was_told_has_gone(files: Path) -> None:
    assert [
        p for p in ("etc/pip.conf", "run/secrets", "root/.config") if (files / p).exists()
    ] == []


def test_what_is_installed_is_what_the_bill_of_materials_lists(image: Image) -> None:
    program = (
        "import importlib.metadata as m, json;"
        "print(json.dumps(sorted((d.name, d.version) for d in m.distributions())))"
    )
    installed = {
        (name.lower().replace("_", "-"), v) for name, v in json.loads(inside(image, program))
    }
    listed = {
        (package.name, package.version)
        for package in locked((ROOT / "requirements.lock").read_text(encoding="utf-8"))
    }
    assert installed == listed | {("orderflex", PROJECT["version"])}


def test_the_whole_package_is_there_and_neither_demo_nor_sandbox(files: Path) -> None:
    app = files / "opt/orderflex/app"
    about = f"orderflex-{PROJECT['version']}.dist-info"
    assert {path.name for path in app.iterdir()} == {"service", about}
    ours = {name for name in names(ROOT / "service") if "__pycache__" not in name}
    theirs = {name for name in names(app / "service") if "__pycache__" not in name}
    assert theirs == ours


def test_all_of_it_can_be_imported_but_what_writes_the_schemas(image: Image) -> None:
    program = """
import importlib, pkgutil, service
for module in pkgutil.walk_packages(service.__path__, "service."):
    if module.name != "service.__main__" and ".migrations." not in module.name:
        try:
            importlib.import_module(module.name)
        except ModuleNotFoundError as error:
            print(module.name, error.name)
"""
    assert inside(image, program) == "service.events.schemas yaml\n"


def test_everything_is_compiled_beforehand(files: Path) -> None:
    for folder in (files / "opt/orderflex/app", files / "opt/orderflex/lib"):
        without = [
            path
            for path in folder.rglob("*.py")
            if not list(path.parent.glob(f"__pycache__/{path.stem}.*.pyc"))
        ]
        assert without == []


def test_certificates_of_the_base_are_trusted(image: Image) -> None:
    program = "import ssl; print(len(ssl.create_default_context().get_ca_certs()))"
    assert int(inside(image, program)) > 50


def test_it_is_small(image: Image) -> None:
    assert image.size - image.base_size < 190e6
