"""HTML built from parts: text is escaped unless it was built here."""

from html import escape


class Html(str):
    """Finished markup."""

    __slots__ = ()


_VOID = frozenset({"input", "meta"})
"""Elements that have no content and no end."""


def tag(name: str, /, *children: str, **attributes: str | None) -> Html:
    """An element. An attribute of None is left out; a trailing or inner _ is read as none or -."""
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in _VOID:
        return Html(f"<{name}{given}>")
    return Html(f"<{name}{given}>{joined(*children)}</{name}>")


def joined(*children: str) -> Html:
    """Parts one after the other."""
    return Html("".join(each if isinstance(each, Html) else escape(each) for each in children))


def table(caption: str, heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> Html:
    """A table; on a narrow screen its cells stand under each other, each with its head."""
    if not rows:
        return tag("p", f"No {caption.lower()}.", class_="none")
    head = tag("thead", tag("tr", *(tag("th", each, scope="col") for each in heads)))
    body = tag(
        "tbody",
        *(
            tag("tr", *(_cell(name, cell) for name, cell in zip(heads, row, strict=True)))
            for row in rows
        ),
    )
    return tag("table", tag("caption", caption), head, body)


def _cell(head: str, content: str) -> Html:
    return tag("td", tag("span", content), data_head=head) if content else tag("td", class_="empty")


STYLE = """
:root { color-scheme: light dark; --ink: #1d2430; --soft: #5c6675; --line: #dde2e9; --back: #f6f7f9;
  --card: #fff; --link: #14568f; --good: #1c6b3a; --bad: #a32020; --wait: #7a5600; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e8ee; --soft: #9aa5b4; --line: #323a46;
  --back: #161a20; --card: #1e242c; --link: #8fc1ee; --good: #7fd09b; --bad: #f29a9a;
  --wait: #e3c06a; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem 1rem 4rem; max-width: 76rem; background: var(--back);
  color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.4rem; margin: 0; }
h2 { font-size: 1.05rem; margin: 2.2rem 0 .6rem; }
a { color: var(--link); }
p { margin: .4rem 0; }
.soft, .none, td.empty { color: var(--soft); }
nav a { margin-right: 1rem; }
form { margin: 1rem 0 0; display: flex; gap: .5rem; flex-wrap: wrap; align-items: center; }
input, button { font: inherit; padding: .35rem .6rem; border: 1px solid var(--line);
  border-radius: .3rem; background: var(--card); color: inherit; }
input { flex: 1 1 14rem; max-width: 26rem; }
table { width: 100%; border-collapse: collapse; background: var(--card);
  border: 1px solid var(--line); font-size: .9rem; }
caption { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
th, td { text-align: left; vertical-align: top; padding: .4rem .6rem;
  border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
th { color: var(--soft); font-weight: 500; }
tr:last-child td { border-bottom: 0; }
tr:target, tr:has(:target) { outline: 2px solid var(--link); outline-offset: -2px; }
.good { color: var(--good); } .bad { color: var(--bad); font-weight: 600; }
.wait { color: var(--wait); }
@media (max-width: 46rem) {
  thead { display: none; }
  table, tbody, tr, td { display: block; width: 100%; }
  tr { border-bottom: 1px solid var(--line); padding: .5rem 0; }
  td { border: 0; padding: .1rem .7rem; display: grid; grid-template-columns: 7.5rem 1fr; }
  td::before { content: attr(data-head); color: var(--soft); }
  td.empty { display: none; }
}
"""
