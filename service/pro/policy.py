"""How we talk to PRO: where, with which key, how long we wait."""

from dataclasses import dataclass, field
from typing import Literal

from pydantic import SecretStr

from service.tls import ClientTls, TlsPolicy

LabelFormat = Literal["PDF", "PNG", "ZPL", "ZPLII"]


@dataclass(frozen=True)
class ProPolicy:
    """All times are seconds.

    There is no write time-out: the transport knows none, `total_deadline` bounds a stuck write.
    """

    base_url: str
    api_key: SecretStr = field(repr=False)
    connect_timeout: float = 5.0
    """To resolve, connect and shake hands."""
    pool_timeout: float = 5.0
    """To wait for a free connection when all are in use."""
    read_timeout: float = 30.0
    """Between two pieces of an answer."""
    total_deadline: float = 45.0
    """Of one call from its start to the last byte of its answer."""
    max_connections: int = 50
    keepalive_seconds: float = 15.0
    """How long an idle connection is kept. Shorter than PRO's own, else a change meets a
    connection that PRO is closing and ends ambiguous."""
    tls: ClientTls = field(default_factory=lambda: ClientTls(TlsPolicy()))
    """Whom we trust to be PRO."""
    label_format: LabelFormat = "PDF"
    page_size: int = 100
    """`take` of a search."""
    max_answer_bytes: int = 64 * 1024 * 1024

    def __post_init__(self) -> None:
        if not self.base_url.startswith(("https://", "http://")):
            raise ValueError("base_url must open with https:// or http://")
        if not self.api_key.get_secret_value().isascii() or not self.api_key.get_secret_value():
            raise ValueError("api_key must be ASCII and not empty")
        # Time-outs over five seconds are rounded up to a whole second by aiohttp.
        if self.pool_timeout + self.connect_timeout + 1 >= self.total_deadline:
            raise ValueError(
                "total_deadline must be longer than pool_timeout + connect_timeout + 1: a failed "
                "connect proves that nothing happened, a passed deadline doesn't"
            )
        if self.page_size < 1:
            raise ValueError("page_size must be at least 1")
