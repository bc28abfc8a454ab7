"""Kafka's security."""

from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, Field, SecretStr, model_validator

from service.settings.kinds import SafeUrl

_LOG_IN = ("kafka_username", "kafka_password")
_TOKENS = ("kafka_oauth_token_url", "kafka_oauth_client_id", "kafka_oauth_client_secret")
_TLS = ("kafka_ca_file", "kafka_certificate_file", "kafka_key_file", "kafka_key_password")


class KafkaSecuritySettings(BaseModel):
    """How connections to Kafka are encrypted, and who we say we are."""

    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        default="PLAINTEXT",
        description="TLS (SSL), a log-in (SASL), both or neither. Over SASL_PLAINTEXT a password "
        "of PLAIN travels in the clear.",
    )
    kafka_ca_file: Path | None = Field(
        default=None, description="Certificates to trust for Kafka instead of the usual ones, PEM."
    )
    kafka_certificate_file: Path | None = Field(
        default=None, description="Our certificate for Kafka (mTLS), PEM, with its chain."
    )
    kafka_key_file: Path | None = Field(
        default=None, description="Its key, PEM; unset, it stands in the certificate's file."
    )
    kafka_key_password: SecretStr = Field(
        default=SecretStr(""), description="Opens that key where it is encrypted."
    )
    kafka_sasl_mechanism: (
        Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"] | None
    ) = Field(default=None, description="How to log in, for SASL_SSL and SASL_PLAINTEXT.")
    kafka_username: str | None = Field(default=None, description="Of PLAIN and SCRAM.")
    kafka_password: SecretStr = Field(default=SecretStr(""), description="Of PLAIN and SCRAM.")
    kafka_oauth_token_url: SafeUrl | None = Field(
        default=None,
        description="Where OAUTHBEARER's tokens are asked for, by OAuth's client credentials.",
    )
    kafka_oauth_client_id: str | None = Field(default=None, description="Who asks for the tokens.")
    kafka_oauth_client_secret: SecretStr = Field(
        default=SecretStr(""), description="Secret of that client."
    )
    kafka_oauth_scope: str | None = Field(
        default=None, description="Scope to ask for; unset, none is named."
    )
    kafka_oauth_ca_file: Path | None = Field(
        default=None,
        description="Certificates to trust for the token endpoint instead of the usual ones, PEM.",
    )

    @model_validator(mode="after")
    def _kafka_security_fits(self) -> Self:
        protocol = f"ORDERFLEX_KAFKA_SECURITY_PROTOCOL={self.kafka_security_protocol}"
        if "SSL" not in self.kafka_security_protocol.split("_"):
            self._refuse(_TLS, f"is of no use with {protocol}")
        if self.kafka_certificate_file is None:
            self._refuse(_TLS[2:], "is of no use without ORDERFLEX_KAFKA_CERTIFICATE_FILE")
        if self.kafka_security_protocol.startswith("SASL"):
            self._demand(("kafka_sasl_mechanism",), f"goes with {protocol}")
        else:
            self._refuse(("kafka_sasl_mechanism",), f"is of no use with {protocol}")
        mechanism = f"ORDERFLEX_KAFKA_SASL_MECHANISM={self.kafka_sasl_mechanism}"
        has_tokens = self.kafka_sasl_mechanism == "OAUTHBEARER"
        needed, useless = (_TOKENS, _LOG_IN) if has_tokens else (_LOG_IN, _TOKENS)
        if self.kafka_sasl_mechanism is None:
            self._refuse((*needed, *useless), "is of no use without ORDERFLEX_KAFKA_SASL_MECHANISM")
        else:
            self._demand(needed, f"goes with {mechanism}")
            self._refuse(useless, f"is of no use with {mechanism}")
        return self

    def _demand(self, names: tuple[str, ...], why: str) -> None:
        for name in names:
            if not _is_set(getattr(self, name)):
                raise ValueError(f"ORDERFLEX_{name.upper()}: missing; it {why}")

    def _refuse(self, names: tuple[str, ...], why: str) -> None:
        for name in names:
            if _is_set(getattr(self, name)):
                raise ValueError(f"ORDERFLEX_{name.upper()}: {why}")


def _is_set(value: object) -> bool:
    return bool(value.get_secret_value() if isinstance(value, SecretStr) else value)
