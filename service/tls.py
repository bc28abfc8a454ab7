"""TLS of our connections: whom we trust, who we say we are, and why a handshake failed."""

import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import httpx
from pydantic import SecretStr

Part = Literal["ca_file", "certificate_file", "key_file"]

_ANOTHER_NAME = frozenset({62, 64})
"""X509_V_ERR_HOSTNAME_MISMATCH and X509_V_ERR_IP_ADDRESS_MISMATCH of OpenSSL."""


@dataclass(frozen=True)
class TlsPolicy:
    """Files in PEM. A server's certificate is always verified."""

    ca_file: Path | None = None
    """Certificates to trust instead of the usual ones (certifi's)."""
    certificate_file: Path | None = None
    """Our own certificate with its chain, for a server that asks who we are."""
    key_file: Path | None = None
    """Its key; None where it stands in `certificate_file` too."""
    key_password: SecretStr = field(default=SecretStr(""), repr=False)
    """Opens the key where it is encrypted."""
    checks_name: bool = True
    """Whether the certificate must be for the name that is called."""

    @property
    def files(self) -> dict[Part, Path]:
        """The files that are named."""
        named: dict[Part, Path | None] = {
            "ca_file": self.ca_file,
            "certificate_file": self.certificate_file,
            "key_file": self.key_file,
        }
        return {part: path for part, path in named.items() if path is not None}


class BadTls(ValueError):
    """A file can't be used; `part` says which, the text why."""

    def __init__(self, part: Part, path: Path, why: str) -> None:
        super().__init__(f"{path} can't be used ({why})")
        self.part = part


class ClientTls:
    """The context of all connections to one server; its files may be replaced while it is used."""

    def __init__(self, policy: TlsPolicy) -> None:
        """Read the files. Raises BadTls."""
        self._policy = policy
        self._seen = self._stamps()
        self.context = _made(policy)

    def reload(self) -> bool:
        """Take replaced files up, for the connections made from now on; tells whether there were.

        What was trusted before stays trusted until the process ends. Raises BadTls, once for each
        replacement, when the new files can't be used: the old ones then stay in force.
        """
        found = self._stamps()
        if found == self._seen:
            return False
        self._seen = found
        _made(self._policy)  # a pair that does not fit must not reach the context in use
        _load(self.context, self._policy)
        return True

    def _stamps(self) -> list[tuple[int, ...]]:
        """What changes when a file, or the link that leads to it, is replaced."""
        stamps: list[tuple[int, ...]] = []
        for path in self._policy.files.values():
            try:
                stat = path.stat()
            except OSError:
                stamps.append((0,))
            else:
                stamps.append((stat.st_ino, stat.st_mtime_ns, stat.st_size))
        return stamps


def _made(policy: TlsPolicy) -> ssl.SSLContext:
    if policy.ca_file is None:
        context = httpx.create_ssl_context(trust_env=False)
    else:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = policy.checks_name
    _load(context, policy)
    return context


def _load(context: ssl.SSLContext, policy: TlsPolicy) -> None:
    for part, path in policy.files.items():
        try:
            path.open("rb").close()
        except OSError as error:
            raise BadTls(part, path, error.strerror or type(error).__name__) from None
    if policy.ca_file is not None:
        try:
            context.load_verify_locations(cafile=policy.ca_file)
        except ssl.SSLError as error:
            raise BadTls("ca_file", policy.ca_file, _reason(error)) from None
    if policy.certificate_file is not None:
        try:
            context.load_cert_chain(
                policy.certificate_file,
                policy.key_file,
                # Without one OpenSSL would ask at the terminal.
                policy.key_password.get_secret_value,
            )
        except (ssl.SSLError, ValueError) as error:
            if policy.key_file is None:
                part, path = "certificate_file", policy.certificate_file
            else:
                part, path = "key_file", policy.key_file
            raise BadTls(part, path, _reason(error)) from None


def _reason(error: Exception) -> str:
    reason = getattr(error, "reason", None)
    return reason.replace("_", " ").lower() if isinstance(reason, str) else "no such PEM"


def failed_handshake(error: BaseException) -> str | None:
    """Say why TLS failed, where that is what an error, or what caused it, tells of."""
    for each in _causes(error):
        if isinstance(each, ssl.SSLCertVerificationError):
            if not hasattr(each, "verify_code"):
                continue  # aiohttp's has the name, and what it tells is its cause
            is_name = each.verify_code in _ANOTHER_NAME
            what = "is for another name" if is_name else "is not trusted"
            return f"the certificate {what}: {each.verify_message.rstrip('.')}"
        if isinstance(each, ssl.SSLError):
            return f"the TLS handshake failed: {_reason(each)}"
    return None


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
