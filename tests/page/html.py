"""Reads a page as a person's browser does: its text, its links, its form."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

_EMPTY = {"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"}


@dataclass
class Shown:
    """What a page shows."""

    title: str = ""
    heading: str = ""
    text: str = ""
    links: list[tuple[str, str]] = field(default_factory=list)
    """Each with its text and where it leads."""
    forms: list[dict[str, str]] = field(default_factory=list)
    """Of each the fields with what stands in them."""
    tags: list[str] = field(default_factory=list)

    def leads_to(self, text: str) -> str:
        """Where the first link leads whose text begins so."""
        return next(href for told, href in self.links if told.startswith(text))


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.shown = Shown()
        self._open: list[str] = []
        self._texts: list[str] = []
        self._hrefs: list[str] = []
        self._textarea = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.shown.tags.append(tag)
        if tag not in _EMPTY:
            self._open.append(tag)
        if tag == "form":
            self.shown.forms.append({})
        named = given.get("name")
        if named and self.shown.forms and tag in ("input", "textarea", "select"):
            is_chosen = given.get("type") not in ("radio", "checkbox") or "checked" in given
            if is_chosen and tag != "select":
                self.shown.forms[-1][named] = given.get("value", "")
        if tag == "a":
            self._hrefs.append(given.get("href", ""))
            self.shown.links.append(("", given.get("href", "")))

    def handle_endtag(self, tag: str) -> None:
        if tag in self._open:
            while self._open.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        if "title" in self._open:
            self.shown.title += data
            return
        if "h1" in self._open:
            self.shown.heading += data
        if "a" in self._open and self.shown.links:
            text, href = self.shown.links[-1]
            self.shown.links[-1] = (" ".join(f"{text}{data}".split()), href)
        self._texts.append(data)

    def close(self) -> None:
        super().close()
        self.shown.text = " ".join(" ".join(self._texts).split())


def read(html: str) -> Shown:
    """Read a page."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.shown
