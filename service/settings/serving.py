"""The service itself: its ports and its log."""

from functools import cached_property
from typing import Literal

from pydantic import BaseModel, Field, SecretStr

from service.settings.kinds import NamedTokens, Port, by_name


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
    api_tokens: NamedTokens = Field(
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

    @cached_property
    def named_api_tokens(self) -> dict[str, SecretStr]:
        """The tokens of the operations API by the names of who has them."""
        return by_name(self.api_tokens)
