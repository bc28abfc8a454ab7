"""Who may use the API: a token for each name, compared in constant time."""

import hashlib
import hmac
from collections.abc import Mapping

from pydantic import SecretStr

SCHEME = "bearer"


class Access:
    """Knows the tokens by their digests alone."""

    def __init__(self, tokens: Mapping[str, SecretStr]) -> None:
        self._digests = {name: _digest(token.get_secret_value()) for name, token in tokens.items()}

    def who(self, authorization: str | None) -> str | None:
        """Give the name whose token an Authorization header carries; None for any other.

        Each token is compared, so the time taken tells nothing of which came near.
        """
        scheme, _, token = (authorization or "").partition(" ")
        given = _digest(token.strip())
        known = [name for name, digest in self._digests.items() if _same(digest, given)]
        return known[0] if known and scheme.lower() == SCHEME else None


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()


def _same(one: bytes, other: bytes) -> bool:
    return hmac.compare_digest(one, other)
