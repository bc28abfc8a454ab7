"""Whose token it is: each is known by its digest alone, and compared in constant time."""

import hashlib
import hmac
from collections.abc import Mapping

from pydantic import SecretStr


class Tokens:
    """The tokens of people by their names."""

    def __init__(self, tokens: Mapping[str, SecretStr]) -> None:
        self.use(tokens)

    def use(self, tokens: Mapping[str, SecretStr]) -> None:
        """Know these from now on, and no other."""
        self._digests = {name: _digest(token.get_secret_value()) for name, token in tokens.items()}

    def __bool__(self) -> bool:
        return bool(self._digests)

    def whose(self, token: str) -> str | None:
        """Give the name that a token belongs to.

        Each token is compared, so the time taken tells nothing of which came near.
        """
        given = _digest(token)
        known = [name for name, digest in self._digests.items() if _same(digest, given)]
        return known[0] if known else None

    def mark(self, name: str) -> str | None:
        """Tell one token of a name from another, without telling anything of it; None without."""
        digest = self._digests.get(name)
        return None if digest is None else hashlib.sha256(b"mark" + digest).hexdigest()[:16]


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()


def _same(one: bytes, other: bytes) -> bool:
    return hmac.compare_digest(one, other)
