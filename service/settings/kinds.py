"""Kinds of values that settings take."""

from collections.abc import Iterable
from ipaddress import ip_address
from typing import Annotated, TypeVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr
from pydantic_settings import NoDecode

T = TypeVar("T")

LEAST_TOKEN = 20
"""Characters of a token."""


def _comma_separated(value: object) -> object:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


def _growing(value: tuple[float, ...]) -> tuple[float, ...]:
    if not value or value[0] <= 0 or list(value) != sorted(set(value)):
        raise ValueError("must be seconds above 0, each more than the one before")
    return value


def _with_scheme(value: str) -> str:
    if not value.startswith(("https://", "http://")):
        raise ValueError("must open with https:// or http://")
    if "@" in urlsplit(value).netloc:
        raise ValueError("must have no user and no password in it")
    return value


def in_the_clear(url: str) -> bool:
    """Whether what is sent there leaves this machine unencrypted."""
    parts = urlsplit(url)
    if parts.scheme == "https" or parts.hostname == "localhost":
        return False
    try:
        return not ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return True


def _encrypted(value: str) -> str:
    if in_the_clear(value):
        raise ValueError("must open with https://: a secret is sent there")
    return value


def _named_tokens(value: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
    named = [each.get_secret_value().partition("=") for each in value]
    names, tokens = [name for name, *_ in named], [token for *_, token in named]
    if any(not name.isprintable() or not name.strip() for name in names):
        raise ValueError("must be NAME=TOKEN, comma-separated")
    if any(len(token) < LEAST_TOKEN or not token.isascii() for token in tokens):
        raise ValueError(f"each token must be ASCII, at least {LEAST_TOKEN} characters long")
    if len(set(names)) < len(names) or len(set(tokens)) < len(tokens):
        raise ValueError("each name and each token must be there once")
    return value


def by_name(tokens: Iterable[SecretStr]) -> dict[str, SecretStr]:
    """Give tokens by the names of who has them."""
    named = (each.get_secret_value().partition("=") for each in tokens)
    return {name.strip(): SecretStr(token) for name, _, token in named}


Seconds = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]
Port = Annotated[int, Field(ge=0, le=65535)]
"""0 takes a free one."""
Url = Annotated[str, AfterValidator(_with_scheme)]
SafeUrl = Annotated[Url, AfterValidator(_encrypted)]
"""Encrypted beyond this machine."""
Listed = Annotated[tuple[T, ...], NoDecode, BeforeValidator(_comma_separated)]
"""Comma-separated."""
Growing = Annotated[Listed[float], AfterValidator(_growing)]
"""Seconds, comma-separated, each more than the one before."""
NamedTokens = Annotated[Listed[SecretStr], AfterValidator(_named_tokens)]
"""NAME=TOKEN, comma-separated."""
