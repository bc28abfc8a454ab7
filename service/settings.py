"""Every setting, from the environment (`ORDERFLEX_…`) or a `.env` file. Times are in seconds.

Only wiring and the CLI read this module; everyone else is handed small frozen policies.
"""

import json
import re
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from service.collection_times import Collections

PRO_HOSTS = {
    "sandbox": "https://apisandbox.electioapp.com",
    "production": "https://api.electioapp.com",
}

_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,62}")

LEAST_TOKEN = 20
"""Characters of a token of the operations API."""

Seconds = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]


class Settings(BaseSettings):
    """All settings; each is `ORDERFLEX_` and its name in capitals."""

    model_config = SettingsConfigDict(
        env_prefix="ORDERFLEX_", env_file=".env", extra="ignore", hide_input_in_errors=True
    )

    # Kafka
    kafka_bootstrap_servers: str = Field(
        default="localhost:9092", description="Brokers to start from, host:port, comma-separated."
    )
    kafka_group: str = Field(default="orderflex", description="Consumer group.")
    kafka_instance: str | None = Field(
        default=None,
        description="Name of this replica as a static member of the group, unique and lasting "
        "(a StatefulSet's pod name): a restart within the session timeout moves no partition. A "
        "replica that is gone for good is missed only after it.",
    )
    kafka_topic_prefix: str = Field(
        default="", description="Stands before the name of every topic."
    )
    kafka_create_topics: bool = Field(
        default=True, description="Create missing topics at start-up; off where others own them."
    )
    kafka_partitions: Count = Field(
        default=12, description="Partitions of a topic that the service creates."
    )
    kafka_replication: Count = Field(
        default=1, description="Replicas of a topic that the service creates; 3 in production."
    )
    kafka_session_timeout: Seconds = Field(
        default=45, description="After this silence the broker gives our partitions away."
    )
    kafka_request_timeout: Seconds = Field(default=20, description="Of one request to the broker.")

    # PRO
    pro_environment: Literal["sandbox", "production"] = Field(
        default="sandbox", description="Which of PRO's hosts to call."
    )
    pro_url: str | None = Field(
        default=None, description="Another address of PRO, such as the stand-in's."
    )
    pro_key: SecretStr = Field(
        default=SecretStr(""), description="PRO's API key (ocp-apim-subscription-key)."
    )
    pro_connect_timeout: Seconds = Field(default=5, description="To connect to PRO.")
    pro_pool_timeout: Seconds = Field(
        default=5, description="To wait for a free connection when all are in use."
    )
    pro_read_timeout: Seconds = Field(
        default=30, description="Between two pieces of an answer of PRO."
    )
    pro_deadline: Seconds = Field(
        default=45, description="Of one call to PRO, from its start to its last byte."
    )
    pro_max_connections: Count = Field(default=80, description="Open connections to PRO.")
    pro_keepalive: Seconds = Field(
        default=15, description="How long an idle connection to PRO is kept."
    )
    pro_ca_file: Path | None = Field(
        default=None, description="Certificates to trust for PRO instead of the usual ones."
    )

    pro_max_calls: Count = Field(
        default=64, description="Events that may have a call to PRO under way at once."
    )
    pro_calls_per_second: Seconds | None = Field(
        default=None, description="Rate limit of calls to PRO; unset, there is none."
    )

    allocation_batch: Count = Field(
        default=50, description="Consignments that are allocated by one call to PRO at the most."
    )
    allocation_linger: Annotated[float, Field(ge=0)] = Field(
        default=0.02, description="How long an allocation waits for others to share its call."
    )
    allocation_rules: str | None = Field(
        default=None,
        description="Rules that say how a consignment is allocated: JSON, or the path of a file "
        "with it; unset, PRO's default rules choose.",
    )

    collections: Annotated[dict[str, Collections], NoDecode] = Field(
        default_factory=dict,
        description="When each location's manifest is asked for, ahead of the carriers' visit: "
        "JSON or a JSON file's path, see docs/operations.md. A location that is not named has "
        "its manifests on request only.",
    )

    # Ledger
    ledger_url: SecretStr = Field(
        default=SecretStr("sqlite+aiosqlite:///var/ledger.sqlite"),
        description="sqlite+aiosqlite:///PATH or postgresql+asyncpg://USER:PASSWORD@HOST/NAME.",
    )
    ledger_pool_size: Count = Field(
        default=10, description="Connections to PostgreSQL; SQLite always has one."
    )
    ledger_timeout: Seconds = Field(default=15, description="Of one statement.")
    payload_keys: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        default=(),
        description="Fernet keys that seal parked events and outcomes, comma-separated; the first "
        "seals, all open. Make one with `orderflex ledger new-key`.",
    )

    # How operations run
    lease: Seconds = Field(
        default=120,
        description="How long a worker may hold an order; longer than two calls to PRO.",
    )
    lookups_after: Annotated[tuple[float, ...], NoDecode] = Field(
        default=(5, 30, 120),
        description="When a Pack Order whose answer was lost is looked up in PRO.",
    )
    stray_search_after: Annotated[tuple[float, ...], NoDecode] = Field(
        default=(3600, 86400), description="When such a pick is searched again for strays."
    )
    steps_off: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Event types whose step another system does, comma-separated.",
    )

    # Intake
    max_in_flight: Count = Field(default=64, description="Events worked on at once.")
    window: Count = Field(default=512, description="Events held in memory at the most.")
    max_gap: Count = Field(
        default=5_000,
        description="How far a partition is read beyond its lowest unfinished event.",
    )
    drain: Seconds = Field(
        default=20, description="How long work in flight may go on at shutdown or a rebalance."
    )
    max_event_bytes: Count = Field(
        default=900_000, description="A larger event becomes a dead letter without its body."
    )
    retry_tiers: Annotated[tuple[float, ...], NoDecode] = Field(
        default=(5, 60, 600), description="Delays of the three retry topics."
    )
    deadline: Seconds = Field(
        default=86_400, description="An event that fails for so long becomes a dead letter."
    )
    max_replays: Count = Field(
        default=3, description="How often a dead letter may be replayed without --force."
    )
    probe_every: Seconds = Field(
        default=5, description="How often to see whether what paused intake is well again."
    )
    step_try_every: Seconds = Field(
        default=30, description="How often one event of a paused step is tried."
    )
    sweep_every: Seconds = Field(default=1, description="How often due work is looked for.")

    # What needs attention
    attention_after: Seconds = Field(
        default=3600,
        description="An order or a consignment that should move and has not for so long needs a "
        "person's attention.",
    )
    attention_manifest_after: Seconds = Field(
        default=259_200,
        description="The same for a consignment that has its papers and waits for its location's "
        "manifest.",
    )
    attention_every: Seconds = Field(
        default=60, description="How often what needs attention is counted for the metrics."
    )

    # Outcomes and papers
    event_source: str = Field(
        default="urn:orderflex", description="CloudEvents source of our outcome events."
    )
    label_format: Literal["PDF", "PNG", "ZPL", "ZPLII"] = Field(
        default="PDF", description="Format of the labels fetched."
    )
    package_labels: bool = Field(
        default=False, description="Fetch each package's label as a file of its own, too."
    )
    customs_documents: bool = Field(
        default=True,
        description="Fetch customs documents when the destination's country is not the origin's.",
    )
    papers_store: str = Field(
        default="var/papers",
        description="Where labels and customs documents are stored: a folder, file:///FOLDER or "
        "s3://BUCKET/PREFIX.",
    )
    papers_endpoint: str | None = Field(
        default=None,
        description="Address of a store that speaks as S3 does; unset, AWS's own environment.",
    )
    papers_region: str | None = Field(
        default=None, description="Region of the bucket; unset, AWS's own environment."
    )
    papers_access_key: SecretStr = Field(
        default=SecretStr(""),
        description="Id of an access key; unset, AWS's own environment or a role.",
    )
    papers_secret_key: SecretStr = Field(
        default=SecretStr(""), description="Secret of that access key."
    )
    papers_timeout: Seconds = Field(default=20, description="To store one paper in a bucket.")
    papers_inline_bytes: Annotated[int, Field(ge=0)] = Field(
        default=0,
        description="Papers of a consignment that are together at most so long also travel in its "
        "consignment.labelled; 0, none does.",
    )

    # The service itself
    http_host: str = Field(default="127.0.0.1", description="Address of /metrics and probes.")
    http_port: Annotated[int, Field(ge=0, le=65535)] = Field(
        default=8080, description="Port of /metrics and probes; 0 takes a free one."
    )
    api_host: str = Field(default="127.0.0.1", description="Address of the operations API.")
    api_port: Annotated[int, Field(ge=0, le=65535)] = Field(
        default=8081, description="Port of the operations API; 0 takes a free one."
    )
    api_tokens: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        default=(),
        description="Who may use the operations API: NAME=TOKEN, comma-separated, each token at "
        "least 20 characters long. Unset, there is no operations API.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least level that is logged."
    )
    log_format: Literal["auto", "json", "pretty"] = Field(
        default="auto", description="auto: pretty on a terminal, else one JSON object a line."
    )

    @field_validator(
        "payload_keys",
        "api_tokens",
        "lookups_after",
        "stray_search_after",
        "steps_off",
        "retry_tiers",
        mode="before",
    )
    @classmethod
    def _comma_separated(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("collections", mode="before")
    @classmethod
    def _json_or_file(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        try:
            text = value if value.lstrip().startswith(("{", "[")) else Path(value).read_text()
            return json.loads(text)
        except OSError as error:
            raise ValueError(f"can't be read as a file ({error.strerror})") from None
        except ValueError:
            raise ValueError("is no JSON") from None

    @field_validator("lookups_after", "stray_search_after", "retry_tiers", mode="after")
    @classmethod
    def _growing(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        if not value or value[0] <= 0 or list(value) != sorted(set(value)):
            raise ValueError("must be seconds above 0, each more than the one before")
        return value

    @field_validator("api_tokens", mode="after")
    @classmethod
    def _named_tokens(cls, value: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        named = [each.get_secret_value().partition("=") for each in value]
        names, tokens = [name for name, *_ in named], [token for *_, token in named]
        if any(not name.isprintable() or not name.strip() for name in names):
            raise ValueError("must be NAME=TOKEN, comma-separated")
        if any(len(token) < LEAST_TOKEN or not token.isascii() for token in tokens):
            raise ValueError(f"each token must be ASCII, at least {LEAST_TOKEN} characters long")
        if len(set(names)) < len(names) or len(set(tokens)) < len(tokens):
            raise ValueError("each name and each token must be there once")
        return value

    @field_validator("pro_key", mode="after")
    @classmethod
    def _key_of_one_line(cls, value: SecretStr) -> SecretStr:
        key = value.get_secret_value().strip()
        if not key.isascii() or not key.isprintable():
            raise ValueError("must be one line of ASCII")
        return SecretStr(key)

    @field_validator("papers_store", mode="after")
    @classmethod
    def _folder_or_bucket(cls, value: str) -> str:
        """Whatever opens with `…://` is an address, and addresses are published."""
        if "://" not in value and value.strip():
            return value
        parts = urlsplit(value)
        is_file = parts.scheme == "file" and not parts.netloc and parts.path.startswith("/")
        is_bucket = parts.scheme == "s3" and _BUCKET.fullmatch(parts.netloc) is not None
        if not (is_file or is_bucket) or {"?", "#"} & set(value):
            raise ValueError("must be a folder, file:///FOLDER or s3://BUCKET/PREFIX")
        return value

    @field_validator("pro_url", "papers_endpoint", mode="after")
    @classmethod
    def _url_with_scheme(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("https://", "http://")):
            raise ValueError("must open with https:// or http://")
        return value

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        if self.pro_pool_timeout + self.pro_connect_timeout + 1 >= self.pro_deadline:
            raise ValueError(
                "ORDERFLEX_PRO_DEADLINE must be longer than ORDERFLEX_PRO_POOL_TIMEOUT + "
                "ORDERFLEX_PRO_CONNECT_TIMEOUT + 1"
            )
        if self.lease <= 2 * self.pro_deadline:
            raise ValueError("ORDERFLEX_LEASE must be longer than two ORDERFLEX_PRO_DEADLINE")
        keys = (self.papers_access_key, self.papers_secret_key)
        if len({bool(key.get_secret_value()) for key in keys}) > 1:
            raise ValueError(
                "ORDERFLEX_PAPERS_ACCESS_KEY and ORDERFLEX_PAPERS_SECRET_KEY go together"
            )
        if self.papers_inline_bytes > self.max_event_bytes // 2:
            raise ValueError(
                "ORDERFLEX_PAPERS_INLINE_BYTES must be at most half of ORDERFLEX_MAX_EVENT_BYTES"
            )
        if len(self.retry_tiers) != 3 or list(self.retry_tiers) != sorted(set(self.retry_tiers)):
            raise ValueError(
                "ORDERFLEX_RETRY_TIERS must be three delays, each longer than the one before"
            )
        return self

    @cached_property
    def pro_base_url(self) -> str:
        """PRO's address in force."""
        return (self.pro_url or PRO_HOSTS[self.pro_environment]).rstrip("/")

    @cached_property
    def named_api_tokens(self) -> dict[str, SecretStr]:
        """The tokens of the operations API by the names of who has them."""
        named = (each.get_secret_value().partition("=") for each in self.api_tokens)
        return {name.strip(): SecretStr(token) for name, _, token in named}


class BadSettings(Exception):
    """The settings can't be used; the text says which and why, without their values."""


def load() -> Settings:
    """Read the settings; raises BadSettings."""
    try:
        return Settings()
    except ValidationError as error:
        lines = []
        for fault in error.errors(include_url=False, include_context=False, include_input=False):
            name = "_".join(str(part) for part in fault["loc"][:1]).upper()
            said = fault["msg"].removeprefix("Value error, ")
            inside = ".".join(str(part) for part in fault["loc"][1:])
            said = f"{inside} {said}" if inside else said
            lines.append(f"ORDERFLEX_{name}: {said}" if name else said)
        raise BadSettings("\n".join(lines)) from None
