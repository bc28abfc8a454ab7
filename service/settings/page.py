"""The operator page: its port, and the two ways in."""

import re
from functools import cached_property
from ipaddress import ip_network
from typing import Self

from pydantic import BaseModel, Field, SecretStr, field_validator, model_validator

from service.settings.kinds import Listed, NamedTokens, Port, Seconds, by_name

LEAST_SECRET = 20
"""Characters of the secret that a proxy shares with us."""
_HEADER = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,63}")


class PageSettings(BaseModel):
    """The page is there when there is a way in: tokens, or a proxy that says who somebody is."""

    page_host: str = Field(default="127.0.0.1", description="Address of the operator page.")
    page_port: Port = Field(
        default=8082, description="Port of the operator page; 0 takes a free one."
    )
    page_tokens: NamedTokens = Field(
        default=(),
        description="Who may sign in to the operator page: NAME=TOKEN, comma-separated, each token "
        "at least 20 characters long. Without it and `ORDERFLEX_PAGE_USER_HEADER` there is no "
        "page.",
    )
    page_user_header: str | None = Field(
        default=None,
        description="Header in which a proxy that signs people in (OIDC) says who it is, such as "
        "X-Forwarded-Email. Needs one or both of the next two.",
    )
    page_proxy_secret: SecretStr = Field(
        default=SecretStr(""),
        description="What that proxy sends in X-Orderflex-Proxy-Secret; at least 20 characters.",
    )
    page_proxies: Listed[str] = Field(
        default=(),
        description="Addresses or networks that the proxy comes from, such as 10.0.3.0/24, "
        "comma-separated.",
    )
    page_https: bool = Field(
        default=False,
        description="People reach the page by https only: its cookie never goes in the clear. "
        "Without it that holds for whatever came by https.",
    )
    page_idle_timeout: Seconds = Field(
        default=1800, description="A session that is not used for so long has ended."
    )
    page_session_timeout: Seconds = Field(
        default=43_200, description="A session lasts no longer, however much it is used."
    )

    @field_validator("page_user_header", mode="after")
    @classmethod
    def _name_of_a_header(cls, value: str | None) -> str | None:
        if value is not None and _HEADER.fullmatch(value) is None:
            raise ValueError("must be the name of a header, such as X-Forwarded-Email")
        return value

    @field_validator("page_proxy_secret", mode="after")
    @classmethod
    def _long_enough(cls, value: SecretStr) -> SecretStr:
        secret = value.get_secret_value()
        if secret and (len(secret) < LEAST_SECRET or not secret.isascii()):
            raise ValueError(f"must be ASCII, at least {LEAST_SECRET} characters long")
        return value

    @field_validator("page_proxies", mode="after")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        try:
            for each in value:
                ip_network(each)
        except ValueError:
            raise ValueError("must be addresses or networks, such as 10.0.3.0/24") from None
        return value

    @model_validator(mode="after")
    def _a_proxy_is_proven(self) -> Self:
        has_proof = bool(self.page_proxy_secret.get_secret_value() or self.page_proxies)
        if (self.page_user_header is not None) != has_proof:
            raise ValueError(
                "ORDERFLEX_PAGE_USER_HEADER goes together with ORDERFLEX_PAGE_PROXY_SECRET, "
                "ORDERFLEX_PAGE_PROXIES or both: else anybody could send that header"
            )
        return self

    @cached_property
    def named_page_tokens(self) -> dict[str, SecretStr]:
        """The tokens of the page by the names of who has them."""
        return by_name(self.page_tokens)

    @cached_property
    def has_page(self) -> bool:
        """Whether there is a way in."""
        return bool(self.page_tokens) or self.page_user_header is not None
