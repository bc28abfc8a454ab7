"""What people are served: the operations API and the operator page, as the settings have them."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
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
    papers_of,
    reading_of,
    seal_of,
)
from service.health import Reasons
from service.ledger.database import Database
from service.ledger.dead_letters import DeadLetters
from service.ledger.outcomes import OutcomeStore
from service.lifetime import Http
from service.page.access import Access, ProxyPolicy
from service.page.app import create_app as create_page
from service.page.attempts import Attempts, AttemptsPolicy
from service.page.desk import Desk
from service.page.sessions import SessionPolicy, Sessions
from service.people.asking import Publish
from service.people.in_pro import state_in_pro
from service.people.papers import Papers
from service.people.tokens import Tokens
from service.people.unshipped import Unshipped
from service.pro.client import ProClient
from service.settings import Settings


def api_of(settings: Settings, database: Database, pro: ProClient, publish: Publish) -> Http:
    """Make the operations API."""
    desk = ApiDesk(
        reading=reading_of(settings, database, partial(state_in_pro, pro)),
        asking=asking_of(settings, database, publish),
        attention=attention_of(settings, database),
        letters=DeadLetters(database, seal_of(settings)),
        max_replays=settings.max_replays,
    )
    app = create_api(desk, ApiAccess(settings.named_api_tokens))
    return Http(app, settings.api_host, settings.api_port, "ORDERFLEX_API_PORT")


def page_of(
    settings: Settings,
    database: Database,
    pro: ProClient,
    publish: Publish,
    reasons: tuple[Reasons, Reasons],
) -> Http:
    """Make the operator page; `reasons` say why events are not taken up, or only some."""
    desk = Desk(
        reading=reading_of(settings, database, partial(state_in_pro, pro)),
        asking=asking_of(settings, database, publish),
        attention=attention_of(settings, database),
        letters=DeadLetters(database, seal_of(settings)),
        unshipped=Unshipped(database),
        papers=Papers(database, OutcomeStore(seal_of(settings)), papers_of(settings)),
        not_ready=reasons[0],
        slowed=reasons[1],
        now=utc_now,
        max_replays=settings.max_replays,
    )
    sessions = _sessions_of(settings)
    access = _access_of(settings, sessions)
    app = create_page(desk, access, sessions, Attempts(AttemptsPolicy()))
    return Http(app, settings.page_host, settings.page_port, "ORDERFLEX_PAGE_PORT")


def _sessions_of(settings: Settings) -> Sessions:
    """Make what opens and reads sessions of the page: sealed alike by every replica."""
    keys = []
    for key in settings.payload_keys:
        derived = HKDF(hashes.SHA256(), 32, None, b"orderflex operator page, sessions")
        secret = urlsafe_b64decode(key.get_secret_value())
        keys.append(urlsafe_b64encode(derived.derive(secret)))
    policy = SessionPolicy(
        settings.page_idle_timeout, settings.page_session_timeout, settings.page_https
    )
    return Sessions(keys, policy, utc_now)


def _access_of(settings: Settings, sessions: Sessions) -> Access:
    """Make what knows who may see the page."""
    proxy = None
    if settings.page_user_header is not None:
        secret = settings.page_proxy_secret
        proxy = ProxyPolicy(
            settings.page_user_header,
            secret if secret.get_secret_value() else None,
            [ip_network(each) for each in settings.page_proxies],
        )
    return Access(Tokens(settings.named_page_tokens), proxy, sessions)
