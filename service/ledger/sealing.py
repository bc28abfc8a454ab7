"""Sealing of what may hold personal data: parked events, and outcomes with PRO's own words."""

import json
from collections.abc import Sequence
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet


class SealBroken(Exception):
    """What was sealed can't be opened with any of the keys in force."""

    def __init__(self) -> None:
        super().__init__(
            "a sealed value can't be opened: the key that sealed it is not among "
            "ORDERFLEX_PAYLOAD_KEYS; put it back, behind the newest one"
        )


class Seal:
    """Encrypts with the first key, decrypts with any (so a key can be rotated).

    `keys` are Fernet keys: 32 bytes in URL-safe base64, as `Fernet.generate_key()` makes them.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        self._fernet = MultiFernet([Fernet(key) for key in keys])

    def use(self, keys: Sequence[str]) -> None:
        """Seal and open with other keys from now on. Raises ValueError, and keeps the old ones."""
        self._fernet = MultiFernet([Fernet(key) for key in keys])

    def close(self, content: Any) -> bytes:
        """Seal a JSON-able value."""
        return self._fernet.encrypt(json.dumps(content, separators=(",", ":")).encode())

    def open(self, sealed: bytes) -> Any:
        """Give a sealed value back; raises SealBroken."""
        try:
            return json.loads(self._fernet.decrypt(sealed))
        except InvalidToken:
            raise SealBroken from None
