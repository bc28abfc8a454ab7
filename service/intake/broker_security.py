"""How connections to Kafka are secured: alike for consumer, producer and admin client."""

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.client import AIOKafkaClient
from aiokafka.conn import collect_hosts, create_conn
from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    IllegalSaslStateError,
    KafkaError,
    SaslAuthenticationFailed,
    TopicAuthorizationFailedError,
    UnsupportedSaslMechanismError,
)
from aiokafka.protocol.metadata import MetadataRequest
from faststream.kafka.security import parse_security
from faststream.security import (
    BaseSecurity,
    SASLOAuthBearer,
    SASLPlaintext,
    SASLScram256,
    SASLScram512,
)
from pydantic import SecretStr

from service.intake.kafka_tokens import ClientCredentials, NoToken
from service.tls import ClientTls, failed_handshake

Mechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"]

NOT_LET_IN = (
    SaslAuthenticationFailed,
    UnsupportedSaslMechanismError,
    IllegalSaslStateError,
    NoToken,
)
"""The broker does not let us in: wrong credentials, or the wrong way to show them."""
NOT_ALLOWED = (
    TopicAuthorizationFailedError,
    GroupAuthorizationFailedError,
    ClusterAuthorizationFailedError,
)
"""The broker knows us and does not allow it."""

_HUNG_UP = (ConnectionResetError, BrokenPipeError, EOFError)

_WITH_PASSWORD = {
    "PLAIN": SASLPlaintext,
    "SCRAM-SHA-256": SASLScram256,
    "SCRAM-SHA-512": SASLScram512,
}


@dataclass(frozen=True)
class Credentials:
    """A user of Kafka."""

    username: str
    password: SecretStr = field(repr=False)


class BrokerSecurity:
    """TLS, log-in, both or neither; credentials may be replaced while they are in use."""

    def __init__(
        self,
        tls: ClientTls | None = None,
        mechanism: Mechanism | None = None,
        credentials: Credentials | None = None,
        tokens: ClientCredentials | None = None,
    ) -> None:
        """`credentials` are for all mechanisms but OAUTHBEARER, which takes `tokens`."""
        self._tls = tls
        self._mechanism = mechanism
        self._credentials = credentials
        self.tokens = tokens

    @property
    def certificates(self) -> list[ClientTls]:
        """All that may be replaced, those for the token endpoint too."""
        tls = [self._tls, self.tokens.tls if self.tokens is not None else None]
        return [each for each in tls if each is not None]

    def use(self, credentials: Credentials) -> None:
        """Log in with other credentials from now on."""
        self._credentials = credentials

    @property
    def of_faststream(self) -> BaseSecurity:
        """The same in FastStream's form."""
        context = self._tls.context if self._tls is not None else None
        if self._mechanism is None:
            return BaseSecurity(context)
        if self._mechanism == "OAUTHBEARER" or self._credentials is None:
            return SASLOAuthBearer(context)
        kind = _WITH_PASSWORD[self._mechanism]
        password = self._credentials.password.get_secret_value()
        return kind(self._credentials.username, password, context)

    @property
    def of_client(self) -> dict[str, Any]:
        """The same as keyword arguments of aiokafka's clients. Holds the password: never log it."""
        return {**parse_security(self.of_faststream), "sasl_oauth_token_provider": self.tokens}

    def renew(self, clients: Sequence[AIOKafkaClient]) -> None:
        """Have clients at work log in with the credentials in force when they connect next."""
        for client in clients:
            if self._credentials is None:
                continue
            if not hasattr(client, "_sasl_plain_password"):
                raise RuntimeError("this aiokafka keeps its password elsewhere: pin another")
            # There is no public way to replace them.
            client._sasl_plain_username = self._credentials.username  # noqa: SLF001
            client._sasl_plain_password = (  # noqa: SLF001
                self._credentials.password.get_secret_value()
            )

    def admin(self, bootstrap_servers: Sequence[str], timeout: float) -> AIOKafkaAdminClient:
        """Make an admin client; `timeout` in seconds."""
        return AIOKafkaAdminClient(
            bootstrap_servers=list(bootstrap_servers),
            request_timeout_ms=int(timeout * 1000),
            **self.of_client,
        )

    async def trouble(self, bootstrap_servers: Sequence[str], timeout: float) -> str | None:
        """Connect as a client does, and say why it can't be done; None when it can.

        aiokafka itself only says that no broker could be used. `timeout` in seconds.
        """
        found = None
        for host, port, _ in collect_hosts(list(bootstrap_servers), randomize=False):
            try:
                named = await self._brokers_named_by(host, port, timeout)
            except (KafkaError, OSError, TimeoutError) as error:
                found = found or f"{host}:{port}: {reason(error)}"
                continue
            for named_host, named_port in named:
                try:
                    await self._brokers_named_by(named_host, named_port, timeout)
                except (KafkaError, OSError, TimeoutError) as error:
                    return (
                        f"{named_host}:{named_port}, as {host}:{port} names itself or another "
                        f"broker: {reason(error)}"
                    )
            return None
        return found

    async def _brokers_named_by(
        self, host: str, port: int, timeout: float
    ) -> list[tuple[str, int]]:
        connection = await create_conn(
            host,
            port,
            client_id="orderflex",
            request_timeout_ms=int(timeout * 1000),
            **self.of_client,
        )
        try:
            answer = await connection.send(MetadataRequest([]))
        finally:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1.0):
                    await connection.close()
        if not answer.brokers:
            # aiokafka takes a refused token for an accepted one (RFC 7628 has the broker say it in
            # an answer that is no error), and whatever comes next for an empty answer.
            raise SaslAuthenticationFailed("it does not accept the token")
        return [(broker[1], broker[2]) for broker in answer.brokers]


def reason(error: BaseException) -> str:
    """Say why Kafka can't be used, and where to look, without any credential."""
    handshake = failed_handshake(error)
    if handshake is not None:
        return f"{handshake} ({_look_at_tls(handshake)})"
    if isinstance(error, NoToken):
        return f"{error.args[0]} (see ORDERFLEX_KAFKA_OAUTH_CLIENT_ID and its neighbours)"
    if isinstance(error, UnsupportedSaslMechanismError):
        return f"{error.message} (see ORDERFLEX_KAFKA_SASL_MECHANISM)"
    if isinstance(error, IllegalSaslStateError):
        return "nobody logs in there (see ORDERFLEX_KAFKA_SECURITY_PROTOCOL)"
    if isinstance(error, SaslAuthenticationFailed):
        return f"the log-in is refused: {error} (see ORDERFLEX_KAFKA_SASL_MECHANISM and its user)"
    if isinstance(error, NOT_ALLOWED):
        return f"our user has not the right: {error} (give it to the user; no restart is needed)"
    if isinstance(error, TimeoutError):
        return "no answer"
    if isinstance(error, ConnectionRefusedError):
        return "nobody listens there"
    if isinstance(error, _HUNG_UP) or isinstance(error.__cause__, _HUNG_UP):
        return "it hangs up (another ORDERFLEX_KAFKA_SECURITY_PROTOCOL may be spoken there)"
    return f"{type(error).__name__}: {error}"


def _look_at_tls(handshake: str) -> str:
    if "alert" in handshake and ("certificate" in handshake or "unknown ca" in handshake):
        return "it wants a certificate of ours that it trusts: ORDERFLEX_KAFKA_CERTIFICATE_FILE"
    return "see ORDERFLEX_KAFKA_CA_FILE and ORDERFLEX_KAFKA_SECURITY_PROTOCOL"
