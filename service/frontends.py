"""What people are served: the operations API and the operator page, as the settings have them."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from functools import partial
from ipaddress import ip_network

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from service.api.access import Access as ApiAccess
from service.api.app import create_app as create_api
from service.api.endpoints import Desk as ApiDesk
from service.clock import utc_now
from service.from_settings import (
    asking_of,
    attention_of,
    reading_of,
)
from service.health import Reasons
from service.ledger.database import Database
from service.ledger.dead_letters import DeadLetters
from service.ledger.outcomes import OutcomeStore
from service.ledger.sealing import Seal
from service.lifetime import Http
from service.page.access import Access, ProxyPolicy
from service.page.app import create_app as create_page
from service.page.attempts import Attempts, AttemptsPolicy
from service.page.desk import Desk
from service.page.sessions import SessionPolicy, Sessions
from service.papers.paper import PaperStore
from service.people.asking import Asking, Publish
from service.people.in_pro import state_in_pro
from service.people.papers import Papers
from service.people.reading import Reading
from service.people.tokens import Tokens
from service.people.unshipped import Unshipped
from service.pro.client import ProClient
from service.settings import Settings


@dataclass(frozen=True)
class WaysIn:
    """What lets people in; its secrets may be replaced while it is in use."""

    api: ApiAccess
    page_tokens: Tokens
    page_sessions: Sessions


def ways_in_of(settings: Settings) -> WaysIn:
    """Make what lets people in."""
    policy = SessionPolicy(
        settings.page_idle_timeout, settings.page_session_timeout, settings.page_https
    )
    return WaysIn(
        ApiAccess(settings.named_api_tokens),
        Tokens(settings.named_page_tokens),
        Sessions(session_keys_of(settings), policy, utc_now),
    )


@dataclass(frozen=True)
class Served:
    """What both stand on: the parts of the service, one of each."""

    settings: Settings
    database: Database
    seal: Seal
    papers: PaperStore
    pro: ProClient
    publish: Publish
    ways_in: WaysIn
    not_ready: Reasons
    """Why events are not taken up."""
    slowed: Reasons
    """Why only some are."""

    @property
    def reading(self) -> Reading:
        """Reads for people."""
        ask_pro = partial(state_in_pro, self.pro)
        return reading_of(self.settings, self.database, self.seal, ask_pro)

    @property
    def asking(self) -> Asking:
        """Publishes what people ask for."""
        return asking_of(self.settings, self.database, self.seal, self.publish)


def api_of(served: Served) -> Http:
    """Make the operations API."""
    settings, database = served.settings, served.database
    desk = ApiDesk(
        reading=served.reading,
        asking=served.asking,
        attention=attention_of(settings, database),
        letters=DeadLetters(database, served.seal),
        max_replays=settings.max_replays,
    )
    app = create_api(desk, served.ways_in.api)
    return Http(app, settings.api_host, settings.api_port, "ORDERFLEX_API_PORT")


def page_of(served: Served) -> Http:
    """Make the operator page."""
    settings, database = served.settings, served.database
    desk = Desk(
        reading=served.reading,
        asking=served.asking,
        attention=attention_of(settings, database),
        letters=DeadLetters(database, served.seal),
        unshipped=Unshipped(database),
        papers=Papers(database, OutcomeStore(served.seal), served.papers),
        not_ready=served.not_ready,
        slowed=served.slowed,
        now=utc_now,
        max_replays=settings.max_replays,
    )
    sessions = served.ways_in.page_sessions
    access = _access_of(settings, served.ways_in)
    app = create_page(desk, access, sessions, Attempts(AttemptsPolicy()))
    return Http(app, settings.page_host, settings.page_port, "ORDERFLEX_PAGE_PORT")


def session_keys_of(settings: Settings) -> list[bytes]:
    """Derive what seals the page's sessions: in every replica the same."""
    keys = []
    for key in settings.payload_keys:
        derived = HKDF(hashes.SHA256(), 32, None, b"orderflex operator page, sessions")
        secret = urlsafe_b64decode(key.get_secret_value())
        keys.append(urlsafe_b64encode(derived.derive(secret)))
    return keys


def _access_of(settings: Settings, ways_in: WaysIn) -> Access:
    """Make what knows who may see the page."""
    proxy = None
    if settings.page_user_header is not None:
        secret = settings.page_proxy_secret
        proxy = ProxyPolicy(
            settings.page_user_header,
            secret if secret.get_secret_value() else None,
            [ip_network(each) for each in settings.page_proxies],
        )
    return Access(ways_in.page_tokens, proxy, ways_in.page_sessions)
