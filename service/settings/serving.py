"""The service itself: its ports and its log."""

from functools import cached_property
from typing import Literal

from pydantic import BaseModel, Field, SecretStr, field_validator

from service.settings.kinds import Listed, Port

LEAST_TOKEN = 20
"""Characters of a token of the operations API."""


class ServingSettings(BaseModel):
    """Ports, who may use them, and the log."""

    http_host: str = Field(default="127.0.0.1", description="Address of /metrics and probes.")
    http_port: Port = Field(
        default=8080, description="Port of /metrics and probes; 0 takes a free one."
    )
    api_host: str = Field(default="127.0.0.1", description="Address of the operations API.")
    api_port: Port = Field(
        default=8081, description="Port of the operations API; 0 takes a free one."
    )
    api_tokens: Listed[SecretStr] = Field(
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

    @cached_property
    def named_api_tokens(self) -> dict[str, SecretStr]:
        """The tokens of the operations API by the names of who has them."""
        named = (each.get_secret_value().partition("=") for each in self.api_tokens)
        return {name.strip(): SecretStr(token) for name, _, token in named}
