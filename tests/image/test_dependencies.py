"""What the service imports is what pyproject.toml asks for: nothing by way of another package."""

import ast
import re
import sys
import tomllib
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).parents[2]
NOT_IMPORTED = {
    "aiosqlite": "named in the address of a ledger",
    "tzdata": "read by zoneinfo, where the base has no time zones",
}

NOT_ASKED_FOR = {
    "h11": "what uvicorn reads HTTP with, and asks for: how large a head may be is h11's to say",
    "pydantic_core": "of the same house as pydantic, which pins it",
    "yaml": "for `python -m service.events.schemas`, which only developers run",
}


def declared() -> set[str]:
    """The names of the packages that the project asks for."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    names = (re.match(r"[\w.-]+", each) for each in project["dependencies"])
    return {name[0].lower() for name in names if name}


def imported() -> set[str]:
    """The modules that the service imports, by their first name."""
    found = set[str]()
    for path in (ROOT / "service").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Import(names=names):
                    found |= {each.name.partition(".")[0] for each in names}
                case ast.ImportFrom(module=str(module), level=0):
                    found.add(module.partition(".")[0])
    return found


def test_what_is_imported_is_what_is_asked_for() -> None:
    packages_of = metadata.packages_distributions()
    others = imported() - set(sys.stdlib_module_names) - {"service", "demo"}
    candidates = {
        name: {each.lower().replace("_", "-") for each in packages_of.get(name, [])}
        for name in others
    }
    asked = declared()
    unasked = {name for name, packages in candidates.items() if not packages & asked}
    assert unasked == set(NOT_ASKED_FOR)
    used = {package for packages in candidates.values() for package in packages}
    assert asked - used == set(NOT_IMPORTED)
