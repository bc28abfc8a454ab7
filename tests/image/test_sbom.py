"""The bill of materials: every locked package, nothing else, the same each time."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from release.__main__ import write_bill
from release.sbom import NotInstalled, bill, check, locked

ROOT = Path(__file__).parents[2]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
PROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
ELSEWHERE = {"colorama"}
"""Locked for Windows only: not in the image."""


@pytest.fixture(scope="module")
def written() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(bill(LOCK, PROJECT))
    return found


def test_the_file_that_is_written_is_cyclonedx(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1767225600")
    text = write_bill(tmp_path / "folder" / "sbom.cdx.json").read_text(encoding="utf-8")
    check(text)
    assert text == bill(LOCK, PROJECT, made_at=1_767_225_600)
    with pytest.raises(ValueError, match="no CycloneDX"):
        check(text.replace("SHA-256", "SHA-257"))


def test_every_locked_package_is_there_and_nothing_else(written: dict[str, Any]) -> None:
    pinned = set(re.findall(r"^([A-Za-z0-9][\w.-]*)==(\S+)", LOCK, re.MULTILINE))
    listed = [(each["name"], each["version"]) for each in written["components"]]
    assert set(listed) == {(name, version) for name, version in pinned if name not in ELSEWHERE}
    assert len(listed) == len(set(listed))


def test_each_has_every_hash_of_the_lock(written: dict[str, Any]) -> None:
    entries = re.split(r"^(?=[A-Za-z0-9])", LOCK, flags=re.MULTILINE)
    in_lock = {
        entry.partition("==")[0]: set(re.findall(r"sha256:(\w{64})", entry)) for entry in entries
    }
    for each in written["components"]:
        (files,) = each["externalReferences"]
        assert {one["content"] for one in files["hashes"]} == in_lock[each["name"]] != set()


def test_each_has_a_licence(written: dict[str, Any]) -> None:
    for each in written["components"]:
        for one in each["licenses"]:
            assert one.get("expression") or one["license"].get("id") or one["license"].get("name")
    named = [
        each for each in written["components"] if "name" in each["licenses"][0].get("license", {})
    ]
    assert {each["name"] for each in named} <= {"jinja2", "httpx-aiohttp"}, (
        "not said in SPDX's words"
    )


def test_it_knows_who_needs_whom(written: dict[str, Any]) -> None:
    needs = {each["ref"]: each["dependsOn"] for each in written["dependencies"]}
    refs = {
        name: ref for ref in needs for name in [ref.removeprefix("pkg:pypi/").partition("@")[0]]
    }
    assert refs["aiokafka"] in needs[refs["orderflex"]]
    assert refs["async-timeout"] in needs[refs["aiokafka"]]
    needed = {ref for found in needs.values() for ref in found}
    assert needed == {each["bom-ref"] for each in written["components"]}


def test_it_is_the_same_each_time_and_tells_a_time_only_when_asked() -> None:
    assert bill(LOCK, PROJECT) == bill(LOCK, PROJECT)
    assert "timestamp" not in json.loads(bill(LOCK, PROJECT))["metadata"]
    told = json.loads(bill(LOCK, PROJECT, made_at=1_767_225_600))["metadata"]["timestamp"]
    assert told == "2026-01-01T00:00:00+00:00"


def test_another_lock_is_another_bill() -> None:
    fewer = LOCK[: LOCK.index("aiosignal==")]
    assert (
        json.loads(bill(fewer, PROJECT))["serialNumber"]
        != json.loads(bill(LOCK, PROJECT))["serialNumber"]
    )


def test_a_licence_is_never_guessed_from_another_version() -> None:
    other = re.sub(r"^aiohttp==\S+", "aiohttp==1.0", LOCK, flags=re.MULTILINE)
    with pytest.raises(NotInstalled, match=r"aiohttp .* is installed, not 1\.0"):
        bill(other, PROJECT)


def test_a_package_for_another_system_is_left_out() -> None:
    assert "colorama" in LOCK
    assert "colorama" not in {package.name for package in locked(LOCK)}
