"""The bill of materials (CycloneDX) of what the image runs on: from the lock, with licences.

The lock says what there is, with hashes and who needs it; the packages installed beside us, of the
same versions, say their licences. The same lock gives the same text, unless SOURCE_DATE_EPOCH asks
for a time. Debian's packages, or whatever else the base holds, are not in it.
"""

import json
import re
import tomllib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from typing import Any

from cyclonedx.schema import SchemaVersion
from cyclonedx.spdx import fixup_id
from cyclonedx.validation.json import JsonStrictValidator
from packaging.markers import Marker

IMAGE = {
    "implementation_name": "cpython",
    "os_name": "posix",
    "platform_python_implementation": "CPython",
    "platform_system": "Linux",
    "sys_platform": "linux",
}
"""What the image is, as far as the lock's markers ask."""

_ENTRY = re.compile(
    r"^(?P<name>[A-Za-z0-9][\w.-]*)==(?P<version>\S+)(?: ; (?P<marker>[^\\]+?))? \\\n"
    r"(?P<hashes>(?: +--hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)"
    r"(?P<via>(?: +#.*\n?)*)",
    re.MULTILINE,
)
_NAMESPACE = uuid.UUID("6f5f1a3e-6c53-4a0a-9d0e-2f0f5a9b8f57")
_SPDX_OF_NAMES = {
    "3-Clause BSD License": "BSD-3-Clause",
    "Apache 2": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "ISC License (ISCL)": "ISC",
    "Python Software Foundation License": "PSF-2.0",
}


class NotInstalled(LookupError):
    """A locked package is not installed here in the locked version: its licence can't be told."""


@dataclass(frozen=True)
class Locked:
    """One package of a lock: `hashes` are hexadecimal SHA-256, `needed_by` names of packages."""

    name: str
    version: str
    hashes: tuple[str, ...]
    needed_by: tuple[str, ...]

    @property
    def purl(self) -> str:
        """Its package URL."""
        return f"pkg:pypi/{self.name}@{self.version}"


def locked(lock: str) -> list[Locked]:
    """Read what a lock installs in the image; what is for other systems only is left out."""
    found = []
    for entry in _ENTRY.finditer(lock):
        if entry["marker"] and not Marker(entry["marker"]).evaluate(dict(IMAGE)):
            continue
        found.append(
            Locked(
                name=entry["name"],
                version=entry["version"],
                hashes=tuple(re.findall(r"sha256:([0-9a-f]{64})", entry["hashes"])),
                needed_by=tuple(re.findall(r"# +(?:via )?(?!via$)([\w.-]+)", entry["via"])),
            )
        )
    return found


def bill(lock: str, project: str, made_at: int | None = None) -> str:
    """Write the bill of a lock, for the project that a pyproject.toml describes.

    `made_at` is in seconds since 1970. Raises NotInstalled.
    """
    told = tomllib.loads(project)["project"]
    packages = locked(lock)
    root = f"{told['name']}@{told['version']}"
    about: dict[str, Any] = {
        "component": {
            "bom-ref": root,
            "type": "application",
            "name": told["name"],
            "version": told["version"],
            "description": told["description"],
            "licenses": [{"license": {"id": told["license"]}}],
        }
    }
    if made_at is not None:
        about["timestamp"] = datetime.fromtimestamp(made_at, UTC).isoformat()
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": uuid.uuid5(_NAMESPACE, root + lock).urn,
        "version": 1,
        "metadata": about,
        "components": [_component(package) for package in packages],
        "dependencies": _dependencies(root, told["name"], packages),
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def check(text: str) -> None:
    """Raise ValueError for what is no CycloneDX."""
    fault = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    if fault is not None:
        raise ValueError(f"no CycloneDX: {fault}")


def _component(package: Locked) -> dict[str, Any]:
    return {
        "bom-ref": package.purl,
        "type": "library",
        "name": package.name,
        "version": package.version,
        "purl": package.purl,
        "licenses": _licences(package),
        # Of each file that may be installed; where it comes from is the installer's matter.
        "externalReferences": [
            {
                "type": "distribution",
                "url": package.purl,
                "hashes": [{"alg": "SHA-256", "content": each} for each in package.hashes],
            }
        ],
    }


def _dependencies(root: str, project: str, packages: list[Locked]) -> list[dict[str, Any]]:
    needs: Mapping[str, list[str]] = {project: [], **{each.name: [] for each in packages}}
    for package in packages:
        for name in package.needed_by:
            if name in needs:
                needs[name].append(package.purl)
    refs = {project: root, **{each.name: each.purl for each in packages}}
    return [{"ref": refs[name], "dependsOn": needed} for name, needed in needs.items()]


def _licences(package: Locked) -> list[dict[str, Any]]:
    try:
        told = metadata.metadata(package.name)
    except metadata.PackageNotFoundError:
        raise NotInstalled(f"{package.name} is not installed: make setup") from None
    if told["Version"] != package.version:
        raise NotInstalled(f"{package.name} {told['Version']} is installed, not {package.version}")
    expression, text = (
        (told[field] or "").strip() if field in told else ""
        for field in ("License-Expression", "License")
    )
    if expression:
        return [{"expression": expression}]
    known = fixup_id(text.removesuffix(" License")) or _SPDX_OF_NAMES.get(text)
    if known:
        return [{"license": {"id": known}}]
    names = [
        line.rpartition(" :: ")[2]
        for line in told.get_all("Classifier") or []
        if line.startswith("License :: OSI Approved :: ")
    ]
    if names:
        spdx = [(name, _SPDX_OF_NAMES.get(name)) for name in names]
        return [{"license": {"id": found} if found else {"name": name}} for name, found in spdx]
    return [{"license": {"name": "its own words", "text": {"content": text}}}]
