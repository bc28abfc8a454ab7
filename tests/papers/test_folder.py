"""Papers in a folder: whole or not at all, and nothing half left."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from service.papers.folder import PaperFolder
from service.papers.paper import NotStored

from .test_stores import LABELS


def _files(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.rglob("*") if each.is_file())


def _read(address: str) -> bytes:
    return Path(address.removeprefix("file://")).read_bytes()


async def test_a_disk_that_is_full_leaves_the_earlier_file_and_nothing_half(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = PaperFolder(tmp_path)
    address = await store.save(LABELS)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(NotStored, match="OSError"):
        await store.save(replace(LABELS, content=b"another"))
    assert _files(tmp_path) == ["labels.pdf"]
    assert _read(address) == LABELS.content


async def test_what_a_killed_process_left_half_is_cleared_away(tmp_path: Path) -> None:
    place = tmp_path / LABELS.path
    place.parent.mkdir(parents=True)
    (place.parent / f".{place.name}.0123abcd.part").write_bytes(b"%PD")
    await PaperFolder(tmp_path).save(LABELS)
    assert _files(tmp_path) == ["labels.pdf"]


async def test_nobody_sees_a_file_before_it_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bool] = []
    place = tmp_path / LABELS.path
    sync = os.fsync

    def look(file: int) -> None:
        seen.append(place.exists())
        sync(file)

    monkeypatch.setattr(os, "fsync", look)
    await PaperFolder(tmp_path).save(LABELS)
    assert seen == [False]
    assert place.exists()


async def test_a_folder_that_can_not_be_made_is_said(tmp_path: Path) -> None:
    store = PaperFolder(tmp_path / "papers")
    (tmp_path / "papers").write_bytes(b"a file in its place")
    with pytest.raises(NotStored, match="the folder does not take it"):
        await store.save(LABELS)


@pytest.mark.parametrize("path", ["file", "file/below"])
def test_a_file_is_no_folder(tmp_path: Path, path: str) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ValueError, match="may write to"):
        PaperFolder(tmp_path / path)
