"""The two ways in: a token, which opens a session, or a proxy that has signed somebody in."""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_address

from pydantic import SecretStr
from starlette.requests import Request

from service.page.sessions import Session, Sessions
from service.people.tokens import Tokens

SECRET_HEADER = "x-orderflex-proxy-secret"  # noqa: S105 - a header's name
BY_PROXY = "proxy"
"""The mark of a session that a proxy opened."""
MOST_NAME = 200
"""Characters of a name that a proxy may say."""


@dataclass(frozen=True)
class ProxyPolicy:
    """How a proxy says who somebody is, and how it is known to be the proxy.

    Every proof that is set must hold; with none nobody is believed.
    """

    user_header: str
    secret: SecretStr | None = field(default=None, repr=False)
    networks: Sequence[IPv4Network | IPv6Network] = ()


class Access:
    """Knows who may see the page."""

    def __init__(self, tokens: Tokens, proxy: ProxyPolicy | None, sessions: Sessions) -> None:
        self._tokens = tokens
        self._proxy = proxy
        self._sessions = sessions

    @property
    def takes_tokens(self) -> bool:
        """Whether people sign in here."""
        return bool(self._tokens)

    def by_token(self, token: str) -> Session | None:
        """Open a session for a token's owner; None for a token that is nobody's."""
        who = self._tokens.whose(token.strip())
        mark = None if who is None else self._tokens.mark(who)
        return None if who is None or mark is None else self._sessions.begin(who, mark)

    def session_of(self, request: Request) -> Session | None:
        """Say who asks; None for nobody that is let in."""
        session = self._sessions.read(request)
        proxied = self._named_by_proxy(request)
        if proxied is not None:
            is_theirs = session is not None and (session.mark, session.who) == (BY_PROXY, proxied)
            return session if is_theirs else self._sessions.begin(proxied, BY_PROXY)
        if session is None or session.mark == BY_PROXY:  # without the proxy it is worth nothing
            return None
        return session if self._tokens.mark(session.who) == session.mark else None

    def _named_by_proxy(self, request: Request) -> str | None:
        proxy = self._proxy
        if proxy is None or not self._is_the_proxy(proxy, request):
            return None
        said = request.headers.getlist(proxy.user_header)
        name = said[0].strip() if len(said) == 1 else ""
        return name if name.isprintable() and 0 < len(name) <= MOST_NAME else None

    @staticmethod
    def _is_the_proxy(proxy: ProxyPolicy, request: Request) -> bool:
        proofs = []
        if proxy.secret is not None:
            said = request.headers.getlist(SECRET_HEADER)
            known = proxy.secret.get_secret_value().encode()
            proofs.append(
                len(said) == 1
                and hmac.compare_digest(said[0].encode("utf-8", "surrogateescape"), known)
            )
        if proxy.networks:
            proofs.append(_comes_from(request, proxy.networks))
        return bool(proofs) and all(proofs)


def _comes_from(request: Request, networks: Sequence[IPv4Network | IPv6Network]) -> bool:
    """Tell by the connection itself, not by what anybody says in a header."""
    try:
        address = ip_address(request.client.host if request.client else "")
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None) or address
    return any(mapped in network for network in networks)
