"""Links resolve, decisions are numbered, and no file says where packages come from."""

import re
from pathlib import Path

import pytest

from .pages import DOCS, ROOT, anchors, links, named, pages, text_of, tracked

# In pieces, so that this file does not name what it looks for.
REGISTRIES = tuple(
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("files", "pythonhosted"),
        ("repo1", "maven"),
        ("repo", "maven"),
        ("central", "sonatype"),
        ("registry", "npmjs"),
        ("proxy", "golang"),
        ("index", "crates"),
        ("deb", "debian"),
    )
)
LOCAL_PATHS = re.compile(r"(?<![\w.])/(?:work|root|home|Users)/[\w.-]+/")
DECISIONS = DOCS / "decisions"


def _texts() -> list[tuple[Path, str]]:
    found = []
    for path in tracked():
        try:
            found.append((path.relative_to(ROOT), path.read_text(encoding="utf-8")))
        except UnicodeDecodeError:
            continue
    return found


@pytest.mark.parametrize("page", pages(), ids=named)
def test_links_resolve(page: Path) -> None:
    for link in links(page):
        assert link.target.exists(), link.target
        if link.anchor:
            assert link.anchor in anchors(link.target), f"{link.target}#{link.anchor}"


def test_every_page_of_docs_can_be_reached_from_the_readme() -> None:
    reached, todo = set(), [ROOT / "README.md"]
    while todo:
        page = todo.pop()
        if page in reached:
            continue
        reached.add(page)
        todo += [link.target for link in links(page) if link.target.suffix == ".md"]
    assert set(pages()) <= reached


def test_no_file_names_a_registry() -> None:
    named = [(str(p), each) for p, text in _texts() for each in REGISTRIES if each in text]
    assert named == []


def test_no_file_names_a_place_on_a_developers_machine() -> None:
    assert [(str(p), LOCAL_PATHS.findall(t)) for p, t in _texts() if LOCAL_PATHS.search(t)] == []


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_locks_have_hashes_and_no_addresses(name: str) -> None:
    text = text_of(ROOT / name)
    assert "://" not in text
    assert not re.search(r"^\s*-(?!-hash)", text, re.MULTILINE), "an option stands in the lock"
    hashes = r"(?: {4}--hash=sha256:[0-9a-f]{64}(?: \\)?\n)+"
    pinned = re.findall(rf"^[A-Za-z0-9]\S*==.*\\\n{hashes}", text, re.MULTILINE)
    named = re.findall(r"^[A-Za-z0-9][^\n]*$", text, re.MULTILINE)
    assert len(pinned) == len(named) > 0


def _decisions() -> list[Path]:
    return sorted(path for path in DECISIONS.glob("*.md") if path.name != "README.md")


def test_decisions_are_numbered_without_gaps_and_listed() -> None:
    listed = re.findall(r"^- \[(.+)\]\((.+)\)$", text_of(DECISIONS / "README.md"), re.MULTILINE)
    assert [name for _, name in listed] == [path.name for path in _decisions()]
    for number, (title, name) in enumerate(listed, start=1):
        assert name.startswith(f"{number:04}-")
        assert text_of(DECISIONS / name).startswith(f"# {title}\n")
        assert title.startswith(f"{number:04}. ")


@pytest.mark.parametrize("page", _decisions(), ids=lambda page: page.name)
def test_a_decision_has_its_three_parts(page: Path) -> None:
    parts = re.findall(r"^## (.+)$", text_of(page), re.MULTILINE)
    assert parts == ["Context", "Decision", "Consequences"]
