"""What a PostgreSQL URL says: where it is, who we are, and how the connection is encrypted.

The options for TLS are libpq's, with libpq's meaning, but for three: `verify-ca` and `verify-full`
without `sslrootcert` trust the usual authorities, not a file of the home folder; `sslrootcert` is
refused where nothing would be verified by it; so is `sslcert`.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

from sqlalchemy.engine import URL

from service.ledger.driver import TlsMode
from service.ledger.statements import DIALECTS
from service.tls import BadTls, ClientTls, Part, TlsPolicy

_FILES: dict[Part, str] = {
    "ca_file": "sslrootcert",
    "certificate_file": "sslcert",
    "key_file": "sslkey",
}
_TLS = ("ssl", "sslmode", *_FILES.values())
URL_OPTIONS = ("host", "port", "statement_cache_size", *_TLS)
"""What may stand behind the ? of the URL; 0 for the third where PgBouncer pools transactions."""

_VERIFIED = ("verify-ca", "verify-full")


class BadUrl(ValueError):
    """The URL can't be used; the text names options and files, no value that may be secret."""


def tls_mode(url: URL) -> TlsMode | None:
    """Read how far the connection is encrypted; None where it is not said. Raises BadUrl."""
    said = url.query.get("sslmode", url.query.get("ssl"))
    modes: tuple[TlsMode, ...] = get_args(TlsMode)
    for mode in modes:
        if said == mode:
            return mode
    if said is not None:
        raise BadUrl(f"sslmode must be one of {', '.join(modes)}")
    return None


def tls_of(url: URL) -> ClientTls | None:
    """Read the certificates; None where the server is not verified. Raises BadUrl."""
    files = {
        part: Path(str(url.query[option])) for part, option in _FILES.items() if option in url.query
    }
    mode = tls_mode(url)
    if mode not in _VERIFIED:
        if files:
            named = ", ".join(_FILES[part] for part in files)
            raise BadUrl(f"{named} needs sslmode=verify-full, or verify-ca")
        return None
    if "key_file" in files and "certificate_file" not in files:
        raise BadUrl("sslkey needs sslcert")
    try:
        return ClientTls(
            TlsPolicy(
                files.get("ca_file"),
                files.get("certificate_file"),
                files.get("key_file"),
                checks_name=mode == "verify-full",
            )
        )
    except BadTls as bad:
        raise BadUrl(f"{_FILES[bad.part]}: {bad}") from None


def connect_arguments(
    url: URL, mode: TlsMode | None, tls: ClientTls | None, password: Callable[[], str | None]
) -> dict[str, Any]:
    """Give asyncpg's arguments; `password` is asked at each connection."""
    bare = url.difference_update_query(_TLS)
    arguments = dict(DIALECTS["postgresql"].create_connect_args(bare)[1])
    if "statement_cache_size" in arguments:
        arguments["statement_cache_size"] = int(arguments["statement_cache_size"])
    if url.password is not None:
        arguments["password"] = password
    if mode is not None:
        arguments["ssl"] = tls.context if tls is not None else mode
    return arguments
