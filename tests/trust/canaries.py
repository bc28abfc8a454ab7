"""Recognisable values for every secret setting, found by its type, and where they must not be."""

import base64
from collections.abc import Iterator, Mapping
from typing import get_args

from cryptography.fernet import Fernet
from pydantic import SecretStr

from service.settings import Settings

MARK = "CANARY"
SECRETS = tuple(
    name
    for name, field in Settings.model_fields.items()
    if SecretStr in (field.annotation, *get_args(field.annotation))
)
LISTS = tuple(name for name in SECRETS if Settings.model_fields[name].annotation is not SecretStr)
_PAYLOAD_KEY = Fernet.generate_key().decode()


def canary(setting: str) -> str:
    """The value that stands in a secret, and nowhere else."""
    if setting == "payload_keys":
        return _PAYLOAD_KEY
    return f"{MARK}{setting.replace('_', '')}x0123456"


def planted() -> dict[str, str]:
    """Every secret setting with a value that it takes."""
    values = {
        name: f"somebody={canary(name)}" if name in LISTS else canary(name) for name in SECRETS
    }
    values["payload_keys"] = _PAYLOAD_KEY
    values["ledger_url"] = f"postgresql+asyncpg://u:{canary('ledger_url')}@127.0.0.1:1/ledger"
    return values


def companions() -> dict[str, str]:
    """What some of them are of no use without."""
    return {
        "kafka_security_protocol": "SASL_PLAINTEXT",
        "kafka_sasl_mechanism": "PLAIN",
        "kafka_username": "u",
        "page_user_header": "X-User",
        "papers_store": "s3://bucket/papers",
        "papers_endpoint": "http://127.0.0.1:1",
        "papers_region": "eu-west-1",
        "tracing_endpoint": "http://127.0.0.1:1",
    }


USELESS_TOGETHER = ("kafka_key_password", "kafka_oauth_client_secret")
"""Those that Kafka's other ways to log in would take."""


def found_in(text: str | bytes, values: Mapping[str, str] | None = None) -> set[str]:
    """The settings whose canaries stand in a text, in the clear or encoded.

    `values` are other canaries by the names of their settings.
    """
    haystack = text.encode() if isinstance(text, str) else text
    sought = values or {name: canary(name) for name in SECRETS}
    return {
        name
        for name, value in sought.items()
        if any(needle in haystack for needle in _as_it_may_be_told(value))
    }


def _as_it_may_be_told(value: str) -> Iterator[bytes]:
    raw = value.encode()
    yield raw
    yield raw[:24]  # what cuts long values short
    for before in range(3):  # base64 of a text that it stands in
        encoded = base64.b64encode(b"x" * before + raw)
        yield encoded[4 : len(encoded) - 4]
    yield raw.hex().encode()
