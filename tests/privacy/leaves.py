"""Every place of every event that holds a value, by its dotted path."""

import types
from collections.abc import Iterator
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel

from service.events.catalogue import MODELS
from service.events.topics import EventType


def leaves() -> dict[str, set[EventType]]:
    """Give the path of each leaf, as destination.contact.email, and the events that have it."""
    found: dict[str, set[EventType]] = {}
    for kind, model in MODELS.items():
        for path in _of_model(model, ""):
            found.setdefault(path, set()).add(kind)
    return found


def _of_model(model: type[BaseModel], here: str) -> Iterator[str]:
    for name, field in model.model_fields.items():
        yield from _of_type(field.annotation, f"{here}.{name}" if here else name)


def _of_type(said: Any, path: str) -> Iterator[str]:
    origin = get_origin(said)
    if origin is Annotated:
        yield from _of_type(get_args(said)[0], path)
    elif origin in (Union, types.UnionType):
        inner = [each for each in get_args(said) if each is not type(None)]
        yield from dict.fromkeys(one for each in inner for one in _of_type(each, path))
    elif origin is tuple:
        yield from _of_type(get_args(said)[0], path)
    elif isinstance(said, type) and issubclass(said, BaseModel):
        yield from _of_model(said, path)
    else:
        yield path
