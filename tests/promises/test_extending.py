"""The page that shows how an event type is added shows what stands in the code."""

import pytest

from .pages import DOCS, ROOT, code_blocks, text_of

BLOCKS = code_blocks(DOCS / "extending.md", "diff")


def test_it_shows_each_place() -> None:
    files = [block.splitlines()[0].removeprefix("--- ") for block in BLOCKS]
    assert [name.rpartition("/")[2] for name in files] == [
        "topics.py",
        "requested.py",
        "catalogue.py",
        "flow.py",
        "wiring.py",
        "consignment_requested.py",
    ]


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.splitlines()[0])
def test_what_is_shown_stands_there(block: str) -> None:
    heading, *shown = block.splitlines()
    there = {line.strip() for line in text_of(ROOT / heading.removeprefix("--- ")).splitlines()}
    added = [line[1:].strip() for line in shown if line.startswith("+")]
    assert [line for line in added if "…" not in line and line not in there] == []
