"""The table of docs/personal-data.md, as it is written: which field goes where."""

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache

from tests.promises.pages import DOCS, text_of

PAGE = DOCS / "personal-data.md"
ROW = re.compile(r"^\| (?P<patterns>`[^|]+) \|(?P<cells>.*)\|$", re.MULTILINE)


@dataclass(frozen=True)
class Rule:
    """A row: the fields it is about, and where they go."""

    patterns: tuple[str, ...]
    pro: str
    clear: str
    sealed: str
    logs: str
    published: str

    @property
    def is_kept_in_the_clear(self) -> bool:
        """Whether the ledger may show it."""
        return not self.clear.startswith(("no", "only"))

    def covers(self, path: str) -> bool:
        """Tell whether a field is among its own."""
        return any(fnmatchcase(path, pattern) for pattern in self.patterns)


@cache
def rules() -> tuple[Rule, ...]:
    """Read the table."""
    found = []
    for row in ROW.finditer(text_of(PAGE)):
        cells = [cell.strip() for cell in row["cells"].split("|")]
        found.append(Rule(tuple(re.findall(r"`([^`]+)`", row["patterns"])), *cells))
    return tuple(found)


def rule_of(path: str) -> Rule:
    """The first row that covers a field; one that no row covers is a fault of the table."""
    covering = [rule for rule in rules() if rule.covers(path)]
    assert covering, f"{PAGE.name} does not say where {path} goes"
    return covering[0]
