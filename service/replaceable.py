"""Which secrets can be replaced while the service runs, and how each is taken up."""

from dataclasses import dataclass

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from service.from_settings import kafka_credentials_of
from service.frontends import WaysIn, session_keys_of
from service.intake.broker import Broker
from service.ledger.database import Database
from service.ledger.sealing import Seal
from service.papers.bucket import PaperBucket
from service.papers.paper import PaperStore
from service.pro.client import ProClient
from service.rotation import Replaceable
from service.settings import BadSettings, Settings


@dataclass(frozen=True)
class Holders:
    """The parts that hold secrets. One of each: a second seal would keep the former keys."""

    pro: ProClient
    seal: Seal
    database: Database
    broker: Broker
    papers: PaperStore
    ways_in: WaysIn

    @property
    def replaceable(self) -> Replaceable:
        """The table."""
        return Replaceable(
            settings={
                ("pro_key",): self._pro_key,
                ("payload_keys",): self._payload_keys,
                ("api_tokens",): self._api_tokens,
                ("page_tokens",): self._page_tokens,
                ("ledger_url",): self._ledger_password,
                ("kafka_username", "kafka_password"): self._kafka_user,
                ("kafka_oauth_client_secret",): self._kafka_client,
                ("papers_access_key", "papers_secret_key"): self._papers_keys,
            },
            certificates={
                "ORDERFLEX_KAFKA_": self.broker.security.certificates,
                "ORDERFLEX_LEDGER_URL": self.database.certificates,
                "ORDERFLEX_PRO_": self.pro.certificates,
            },
        )

    def _pro_key(self, _old: Settings, new: Settings) -> None:
        if not new.pro_key.get_secret_value():
            raise BadSettings("ORDERFLEX_PRO_KEY: missing")
        self.pro.use_key(new.pro_key)

    def _payload_keys(self, _old: Settings, new: Settings) -> None:
        if not new.payload_keys:
            raise BadSettings("ORDERFLEX_PAYLOAD_KEYS: missing")
        try:
            self.seal.use([key.get_secret_value() for key in new.payload_keys])
            self.ways_in.page_sessions.use(session_keys_of(new))
        except ValueError:
            raise BadSettings("ORDERFLEX_PAYLOAD_KEYS: not a Fernet key") from None

    def _api_tokens(self, _old: Settings, new: Settings) -> None:
        self.ways_in.api.use(new.named_api_tokens)

    def _page_tokens(self, _old: Settings, new: Settings) -> None:
        self.ways_in.page_tokens.use(new.named_page_tokens)

    def _ledger_password(self, old: Settings, new: Settings) -> None:
        urls = (old.ledger_url.get_secret_value(), new.ledger_url.get_secret_value())
        try:
            before, after = (make_url(url) for url in urls)
        except (ArgumentError, ValueError):
            raise BadSettings("ORDERFLEX_LEDGER_URL: not a database URL") from None
        if before.password is None or after.password is None:
            raise BadSettings("ORDERFLEX_LEDGER_URL: restart to log in, or no longer to")
        if before.set(password=after.password) != after:
            raise BadSettings("ORDERFLEX_LEDGER_URL: restart for more than another password")
        self.database.use_password(after.password)

    def _kafka_user(self, old: Settings, new: Settings) -> None:
        credentials = kafka_credentials_of(new)
        if credentials is None or kafka_credentials_of(old) is None:
            raise BadSettings("ORDERFLEX_KAFKA_USERNAME: restart to log in, or no longer to")
        self.broker.use_credentials(credentials)

    def _kafka_client(self, _old: Settings, new: Settings) -> None:
        tokens = self.broker.security.tokens
        if tokens is None:
            raise BadSettings("ORDERFLEX_KAFKA_OAUTH_CLIENT_SECRET: restart to use tokens")
        tokens.use_secret(new.kafka_oauth_client_secret)

    def _papers_keys(self, _old: Settings, new: Settings) -> None:
        if isinstance(self.papers, PaperBucket):
            self.papers.use_keys(new.papers_access_key, new.papers_secret_key)
