"""PRO."""

from functools import cached_property
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, Field, SecretStr, field_validator, model_validator

from service.settings.kinds import Count, Seconds, Url, in_the_clear

PRO_HOSTS = {
    "sandbox": "https://apisandbox.electioapp.com",
    "production": "https://api.electioapp.com",
}


class ProSettings(BaseModel):
    """How to reach PRO, and how hard it may be asked."""

    pro_environment: Literal["sandbox", "production"] = Field(
        default="sandbox", description="Which of PRO's hosts to call."
    )
    pro_url: Url | None = Field(
        default=None, description="Another address of PRO, such as the stand-in's."
    )
    pro_allow_http: bool = Field(
        default=False,
        description="Let that address be http:// beyond this machine: only where something beside "
        "the service encrypts, because the API key and addresses of people are sent there.",
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

    @field_validator("pro_key", mode="after")
    @classmethod
    def _key_of_one_line(cls, value: SecretStr) -> SecretStr:
        key = value.get_secret_value().strip()
        if not key.isascii() or not key.isprintable():
            raise ValueError("must be one line of ASCII")
        return SecretStr(key)

    @model_validator(mode="after")
    def _time_to_answer(self) -> Self:
        if self.pro_pool_timeout + self.pro_connect_timeout + 1 >= self.pro_deadline:
            raise ValueError(
                "ORDERFLEX_PRO_DEADLINE must be longer than ORDERFLEX_PRO_POOL_TIMEOUT + "
                "ORDERFLEX_PRO_CONNECT_TIMEOUT + 1"
            )
        return self

    @model_validator(mode="after")
    def _nothing_in_the_clear(self) -> Self:
        if self.pro_url and in_the_clear(self.pro_url) and not self.pro_allow_http:
            raise ValueError(
                "ORDERFLEX_PRO_URL: must open with https:// beyond this machine, else the API key "
                "and addresses of people travel in the clear; ORDERFLEX_PRO_ALLOW_HTTP=true where "
                "something beside the service encrypts"
            )
        return self

    @cached_property
    def pro_base_url(self) -> str:
        """PRO's address in force."""
        return (self.pro_url or PRO_HOSTS[self.pro_environment]).rstrip("/")
