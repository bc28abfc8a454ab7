"""What can be reached from an object, so that nothing of it is forgotten."""

import gc
from collections.abc import Iterator

_THROUGH = ("service.", "starlette.", "builtins", "functools", "collections")
"""Modules whose objects are looked into: ours, and what holds ours."""


def reached_from(start: object) -> Iterator[object]:
    """Every object of our classes that can be reached."""
    seen: set[int] = set()
    left = [start]
    while left:
        each = left.pop()
        if id(each) in seen or isinstance(each, type):
            continue
        seen.add(id(each))
        module = type(each).__module__
        if module.startswith("service."):
            yield each
        if module.startswith(_THROUGH):
            left.extend(one for one in gc.get_referents(each) if not _is_a_module(one))


def _is_a_module(each: object) -> bool:
    return isinstance(each, dict) and "__builtins__" in each
