"""Traces."""

from functools import cached_property
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, Field, SecretStr, field_validator, model_validator

from service.settings.kinds import Listed, Url, in_the_clear


class TracingSettings(BaseModel):
    """Whether traces are made, where they go, and which."""

    tracing_endpoint: Url | None = Field(
        default=None,
        description="Address of a collector that takes OTLP over HTTP, such as "
        "http://collector:4318. Unset, no traces are made.",
    )
    tracing_headers: Listed[SecretStr] = Field(
        default=(), description="Headers for the collector: NAME=VALUE, comma-separated."
    )
    tracing_ca_file: Path | None = Field(
        default=None,
        description="Certificates to trust for the collector instead of the usual ones.",
    )
    tracing_share: Annotated[float, Field(ge=0, le=1)] = Field(
        default=1,
        description="Which share of the traces that begin here is recorded, 0 to 1.",
    )
    tracing_follow: bool = Field(
        default=True,
        description="Whether the sender's decision to record counts for events with a "
        "traceparent; else the share counts for all.",
    )
    tracing_service: str = Field(
        default="orderflex", min_length=1, description="Name of this service in traces."
    )
    tracing_environment: str | None = Field(
        default=None, description="Name of this environment in traces, such as production."
    )
    tracing_tell_pro: bool = Field(
        default=False, description="Whether PRO is sent the traceparent of each call."
    )

    @field_validator("tracing_endpoint", mode="after")
    @classmethod
    def _plain_address(cls, value: str | None) -> str | None:
        """It may stand in a log line."""
        parts = urlsplit(value or "")
        if parts.query or parts.fragment:
            raise ValueError("must be an address alone; what is secret goes into the headers")
        return value

    @field_validator("tracing_headers", mode="after")
    @classmethod
    def _named_values(cls, value: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        for each in value:
            name, sign, said = each.get_secret_value().partition("=")
            if not (sign and name.strip() and (name + said).isascii() and said.isprintable()):
                raise ValueError("must be NAME=VALUE, comma-separated, ASCII")
        return value

    @model_validator(mode="after")
    def _no_header_in_the_clear(self) -> Self:
        if self.tracing_headers and in_the_clear(self.tracing_endpoint or "https://"):
            raise ValueError(
                "ORDERFLEX_TRACING_ENDPOINT must open with https:// where "
                "ORDERFLEX_TRACING_HEADERS are sent"
            )
        return self

    @cached_property
    def named_tracing_headers(self) -> dict[str, str]:
        """The headers for the collector, in the clear."""
        named = (each.get_secret_value().partition("=") for each in self.tracing_headers)
        return {name.strip(): value.strip() for name, _, value in named}
