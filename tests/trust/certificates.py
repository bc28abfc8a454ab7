"""Authorities and certificates for tests, as files in PEM."""

from dataclasses import dataclass
from pathlib import Path

import trustme
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

KEY_PASSWORD = "opens-the-key"


@dataclass(frozen=True)
class Certificate:
    """A certificate with its chain, its key, and both in one file."""

    chain: Path
    key: Path
    both: Path


class Authority:
    """Signs certificates; `file` is its own."""

    def __init__(self, folder: Path, name: str = "ca") -> None:
        self._folder = folder
        self._ca = trustme.CA()
        self.file = folder / f"{name}.pem"
        self._ca.cert_pem.write_to_path(self.file)

    def certificate(self, name: str, *identities: str, password: str = "") -> Certificate:
        """Sign a certificate for hosts, addresses or people; `password` encrypts its key."""
        issued = self._ca.issue_cert(*identities, common_name=name)
        chain = b"".join(pem.bytes() for pem in issued.cert_chain_pems)
        key = load_pem_private_key(issued.private_key_pem.bytes(), None)
        how: KeySerializationEncryption = (
            BestAvailableEncryption(password.encode()) if password else NoEncryption()
        )
        # Kafka reads no other form of a key.
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, how)
        made = Certificate(*(self._folder / f"{name}.{part}.pem" for part in ("crt", "key", "all")))
        made.chain.write_bytes(chain)
        made.key.write_bytes(pem)
        made.both.write_bytes(pem + chain)
        return made
