"""Who is signed in: a session is a sealed cookie, so that every replica can read it.

The cookie holds the session itself, encrypted and signed; nothing is kept here but the sessions
that were signed out of. It ends when it was not used for so long, when it is too old, when its
owner signs out, and when the token that opened it is taken away.
"""

import json
import secrets
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from starlette.requests import Request
from starlette.responses import Response

MOST_ENDED = 10_000
"""Sessions that were signed out of and are remembered; the oldest are forgotten first."""
RENEWED_AFTER = 60
"""Seconds after which the cookie of a session in use is written anew."""


@dataclass(frozen=True)
class SessionPolicy:
    """How long a session lasts, in seconds."""

    idle: float
    longest: float
    https: bool
    """Whether its cookie may never go in the clear, however a request came."""


@dataclass(frozen=True)
class Session:
    """Somebody who is let in."""

    id: str
    who: str
    """The name that stands in the history."""
    mark: str
    """Of the token that opened it; `proxy` for who came by a proxy."""
    form_token: str
    """Stands in each form: no other site knows it."""
    began: float
    used: float
    """Seconds since 1970."""
    told: str = ""
    """What the next page tells of what was just done."""


class Sessions:
    """Opens, reads, renews and ends sessions."""

    def __init__(
        self, keys: Sequence[bytes], policy: SessionPolicy, now: Callable[[], datetime]
    ) -> None:
        """`keys` are Fernet keys: the first seals, all open."""
        self.use(keys)
        self._policy = policy
        self._now = now
        self._ended: dict[str, None] = {}

    def use(self, keys: Sequence[bytes]) -> None:
        """Seal and open with other keys from now on."""
        self._seal = MultiFernet([Fernet(key) for key in keys])

    def begin(self, who: str, mark: str) -> Session:
        """Open a session."""
        now = self._now().timestamp()
        return Session(secrets.token_hex(16), who, mark, secrets.token_urlsafe(32), now, now)

    def read(self, request: Request) -> Session | None:
        """Read a request's session; None where there is none that is still good."""
        sealed = request.cookies.get(_name(is_secure=self._is_secure(request)))
        if sealed is None:
            return None
        try:
            found: Any = json.loads(self._seal.decrypt(sealed.encode()))
            session = Session(**found)
        except (InvalidToken, ValueError, TypeError):
            return None
        now = self._now().timestamp()
        is_over = now - session.used > self._policy.idle or now - session.began > (
            self._policy.longest
        )
        return None if is_over or session.id in self._ended else session

    def write(self, request: Request, response: Response, session: Session) -> None:
        """Give the browser the session, as used at this moment."""
        now = self._now()
        used = replace(session, used=now.timestamp())
        ends = datetime.fromtimestamp(session.began, now.tzinfo) + timedelta(
            seconds=self._policy.longest
        )
        sealed = self._seal.encrypt(json.dumps(asdict(used), separators=(",", ":")).encode())
        is_secure = self._is_secure(request)
        response.set_cookie(
            _name(is_secure=is_secure),
            sealed.decode(),
            max_age=max(0, int((ends - now).total_seconds())),
            path="/",
            secure=is_secure,
            httponly=True,
            samesite="strict",
        )

    def is_to_be_renewed(self, session: Session) -> bool:
        """Tell whether the browser's cookie knows too little of how lately it was used."""
        return self._now().timestamp() - session.used >= min(RENEWED_AFTER, self._policy.idle / 4)

    def end(self, session: Session) -> None:
        """Sign out: the cookie is good for nothing any more, here at least."""
        self._ended[session.id] = None
        while len(self._ended) > MOST_ENDED:
            del self._ended[next(iter(self._ended))]

    def forget(self, request: Request, response: Response) -> None:
        """Have the browser drop its cookie."""
        is_secure = self._is_secure(request)
        response.delete_cookie(
            _name(is_secure=is_secure),
            path="/",
            secure=is_secure,
            httponly=True,
            samesite="strict",
        )

    def _is_secure(self, request: Request) -> bool:
        """Tell whether the browser speaks https: to us, or to the proxy before us.

        Who invents that header keeps the cookie from nobody but himself.
        """
        return (
            self._policy.https
            or request.url.scheme == "https"
            or request.headers.get("x-forwarded-proto", "").strip().lower() == "https"
        )


def _name(*, is_secure: bool) -> str:
    """Name the cookie: a browser takes `__Host-` only by https, from this very host."""
    return "__Host-orderflex" if is_secure else "orderflex"
