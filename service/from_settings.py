"""Each part of the service, as the settings have it; wiring and the CLI put them together."""

import os
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path
from urllib.parse import unquote, urlsplit

import httpx
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from service.allocation_plans import NO_RULES, AllocationPlans
from service.allocation_rules import BadRules, given_rules
from service.events.topics import EventType, RetryTier, Topics
from service.intake.broker import Broker, BrokerPolicy
from service.intake.broker_security import BrokerSecurity, Credentials
from service.intake.kafka_tokens import ClientCredentials, TokenPolicy
from service.ledger.attention import Attention
from service.ledger.attention_kinds import AttentionPolicy
from service.ledger.database import Database, DatabasePolicy
from service.ledger.dead_letters import DeadLetters
from service.ledger.outcomes import OutcomeStore
from service.ledger.postgresql_url import URL_OPTIONS, BadUrl, tls_mode, tls_of
from service.ledger.sealing import Seal
from service.papers.bucket import BucketPolicy, PaperBucket
from service.papers.folder import PaperFolder
from service.papers.paper import PaperStore
from service.people.asking import Asking, Publish
from service.people.reading import AskPro, Reading
from service.pro.calls import OnCall
from service.pro.client import ProClient
from service.pro.papers import PapersWanted
from service.pro.policy import ProPolicy
from service.settings import BadSettings, Settings
from service.tls import BadTls, ClientTls, TlsPolicy
from service.tracing.traced import NO_TRACING, Tracing


def topics_of(settings: Settings) -> Topics:
    """Name the topics in force."""
    names = [tier.topic for tier in Topics().retry_tiers]
    return Topics(
        prefix=settings.kafka_topic_prefix,
        retry_tiers=tuple(
            RetryTier(name, delay) for name, delay in zip(names, settings.retry_tiers, strict=True)
        ),
    )


def _readable(url: str) -> URL | None:
    try:
        made = make_url(url)
        made.get_driver_name()
    except (ArgumentError, ValueError, ImportError):
        return None
    return made


def _ledger_url(settings: Settings) -> URL:
    url = _readable(settings.ledger_url.get_secret_value())
    if url is None or url.get_driver_name() not in ("aiosqlite", "asyncpg"):
        raise BadSettings(
            "ORDERFLEX_LEDGER_URL: must be sqlite+aiosqlite:///PATH or "
            "postgresql+asyncpg://USER:PASSWORD@HOST/NAME"
        )
    unknown = sorted(set(url.query) - set(URL_OPTIONS))
    if unknown:
        raise BadSettings(
            f"ORDERFLEX_LEDGER_URL: unknown option {', '.join(unknown)}; "
            f"known are {', '.join(URL_OPTIONS)}"
        )
    return url


def database_of(settings: Settings) -> Database:
    """Open the ledger's database; an SQLite file gets its folder."""
    url = _ledger_url(settings)
    try:
        mode, tls = tls_mode(url), tls_of(url)
    except BadUrl as bad:
        raise BadSettings(f"ORDERFLEX_LEDGER_URL: {bad}") from None
    if url.get_backend_name() == "sqlite" and url.database:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    return Database(
        DatabasePolicy(
            url=url.render_as_string(hide_password=False),
            pool_size=settings.ledger_pool_size,
            statement_timeout=settings.ledger_timeout,
            tls_mode=mode,
            tls=tls,
        )
    )


def seal_of(settings: Settings) -> Seal:
    """Make the seal; raises BadSettings without a usable key."""
    if not settings.payload_keys:
        raise BadSettings(
            "ORDERFLEX_PAYLOAD_KEYS: missing; make a key with `orderflex ledger new-key`"
        )
    try:
        return Seal([key.get_secret_value() for key in settings.payload_keys])
    except ValueError:
        raise BadSettings(
            "ORDERFLEX_PAYLOAD_KEYS: not a Fernet key; make one with `orderflex ledger new-key`"
        ) from None


def attention_of(settings: Settings, database: Database) -> Attention:
    """Make the list of what needs a person's attention."""
    return Attention(
        database,
        AttentionPolicy(
            after=settings.attention_after,
            manifest_after=settings.attention_manifest_after,
            allocates=EventType.CONSIGNMENT_CREATED.value not in settings.steps_off,
            labels=EventType.CONSIGNMENT_ALLOCATED.value not in settings.steps_off,
        ),
    )


def asking_of(settings: Settings, database: Database, seal: Seal, publish: Publish) -> Asking:
    """Make what publishes the things that people ask for."""
    return Asking(
        database,
        OutcomeStore(seal),
        attention_of(settings, database),
        topics_of(settings),
        f"{settings.event_source}:people",
        publish,
    )


def _tls(of: str, policy: TlsPolicy) -> ClientTls:
    try:
        return ClientTls(policy)
    except BadTls as bad:
        raise BadSettings(f"ORDERFLEX_{of}_{bad.part.upper()}: {bad}") from None


def kafka_credentials_of(settings: Settings) -> Credentials | None:
    """Give the user of Kafka, where there is one."""
    if not settings.kafka_username:
        return None
    return Credentials(settings.kafka_username, settings.kafka_password)


def kafka_security_of(settings: Settings) -> BrokerSecurity:
    """Make what secures the connections to Kafka; raises BadSettings."""
    tls = None
    if settings.kafka_security_protocol in ("SSL", "SASL_SSL"):
        policy = TlsPolicy(
            settings.kafka_ca_file,
            settings.kafka_certificate_file,
            settings.kafka_key_file,
            settings.kafka_key_password,
        )
        tls = _tls("KAFKA", policy)
    tokens = None
    if settings.kafka_oauth_token_url is not None:
        tokens = ClientCredentials(
            TokenPolicy(
                url=settings.kafka_oauth_token_url,
                client_id=settings.kafka_oauth_client_id or "",
                client_secret=settings.kafka_oauth_client_secret,
                scope=settings.kafka_oauth_scope,
            ),
            _tls("KAFKA_OAUTH", TlsPolicy(settings.kafka_oauth_ca_file)),
        )
    mechanism = settings.kafka_sasl_mechanism
    return BrokerSecurity(tls, mechanism, kafka_credentials_of(settings), tokens)


def broker_of(settings: Settings) -> Broker:
    """Make the connection to Kafka, still unconnected; raises BadSettings."""
    return Broker(
        BrokerPolicy(
            bootstrap_servers=tuple(settings.kafka_bootstrap_servers.split(",")),
            group=settings.kafka_group,
            instance=settings.kafka_instance,
            session_timeout=settings.kafka_session_timeout,
            rebalance_timeout=settings.kafka_session_timeout + settings.drain,
            request_timeout=settings.kafka_request_timeout,
            max_record_bytes=settings.max_event_bytes + 65_536,
            partitions=settings.kafka_partitions,
            replication=settings.kafka_replication,
            create_topics=settings.kafka_create_topics,
        ),
        kafka_security_of(settings),
    )


def client_of(
    settings: Settings, on_call: OnCall, transport: httpx.AsyncBaseTransport | None
) -> ProClient:
    return ProClient(
        ProPolicy(
            base_url=settings.pro_base_url,
            api_key=settings.pro_key,
            connect_timeout=settings.pro_connect_timeout,
            pool_timeout=settings.pro_pool_timeout,
            read_timeout=settings.pro_read_timeout,
            total_deadline=settings.pro_deadline,
            max_connections=settings.pro_max_connections,
            keepalive_seconds=settings.pro_keepalive,
            tls=_tls("PRO", TlsPolicy(settings.pro_ca_file)),
            label_format=settings.label_format,
        ),
        on_call,
        transport,
    )


def tracing_of(settings: Settings, on_dropped: Callable[[int], None]) -> Tracing:
    """Make what traces; `on_dropped` is told, from any thread, how many spans were dropped."""
    is_disabled = os.environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"
    if settings.tracing_endpoint is None or is_disabled:  # the SDK's spans would have no ids then
        return NO_TRACING
    # Only here: whoever does not trace does not wait for the SDK to load.
    from service.tracing.export import ExportPolicy, tracer_of
    from service.tracing.tracer import Sampling

    ca_file = settings.tracing_ca_file
    if ca_file is not None and not ca_file.is_file():
        raise BadSettings("ORDERFLEX_TRACING_CA_FILE: there is no such file")
    resource = {
        "service.name": settings.tracing_service,
        "service.version": version("orderflex"),
        "service.instance.id": settings.kafka_instance or socket.gethostname(),
    }
    if settings.tracing_environment is not None:
        resource["deployment.environment.name"] = settings.tracing_environment
    return tracer_of(
        ExportPolicy(
            endpoint=settings.tracing_endpoint,
            headers=settings.named_tracing_headers,
            ca_file=ca_file,
            resource=resource,
            group=settings.kafka_group,
        ),
        Sampling(settings.tracing_share, settings.tracing_follow),
        on_dropped,
        tells_pro=settings.tracing_tell_pro,
    )


def allocation_plans_of(settings: Settings) -> AllocationPlans:
    try:
        return given_rules(settings.allocation_rules) if settings.allocation_rules else NO_RULES
    except BadRules as bad:
        told = [f"ORDERFLEX_ALLOCATION_RULES: {fault}" for fault in bad.faults]
        raise BadSettings("\n".join(told)) from None


def papers_of(settings: Settings) -> PaperStore:
    """Name the store of papers, still unconnected; raises BadSettings."""
    parts = urlsplit(settings.papers_store)
    try:
        if parts.scheme == "s3" and parts.netloc:
            return PaperBucket(
                BucketPolicy(
                    bucket=parts.netloc,
                    prefix=parts.path.strip("/"),
                    endpoint=settings.papers_endpoint,
                    region=settings.papers_region,
                    access_key_id=settings.papers_access_key or None,
                    secret_access_key=settings.papers_secret_key or None,
                    timeout=settings.papers_timeout,
                )
            )
        is_address = settings.papers_store.startswith("file://")
        return PaperFolder(Path(unquote(parts.path) if is_address else settings.papers_store))
    except ValueError as error:
        raise BadSettings(f"ORDERFLEX_PAPERS_STORE: {error}") from None


def papers_wanted_of(settings: Settings) -> PapersWanted:
    return PapersWanted(
        label_format=settings.label_format,
        package_labels=settings.package_labels,
        customs_documents=settings.customs_documents,
    )


@asynccontextmanager
async def pro_of(settings: Settings) -> AsyncIterator[ProClient]:
    """Open a client of PRO for a read; raises BadSettings."""
    if not settings.pro_key.get_secret_value():
        raise BadSettings("ORDERFLEX_PRO_KEY: missing; PRO refuses every call without its key")
    async with client_of(settings, lambda _operation, _verdict, _seconds: None, None) as pro:
        yield pro


def reading_of(settings: Settings, database: Database, seal: Seal, ask_pro: AskPro) -> Reading:
    """Make what reads for people."""
    return Reading(
        database,
        attention_of(settings, database),
        DeadLetters(database, seal),
        ask_pro,
    )
