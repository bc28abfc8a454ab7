"""The ways to connect to the secured broker, as an operator sets them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from .secure_kafka import PASSWORD, USER, SecureKafka
from .token_server import CLIENT, SCOPE, SECRET, TokenServer

Settings = dict[str, str]


@dataclass(frozen=True)
class Place:
    """What settings are made of."""

    kafka: SecureKafka
    tokens: TokenServer


def _tls(place: Place) -> Settings:
    return {
        "kafka_bootstrap_servers": place.kafka.tls,
        "kafka_security_protocol": "SSL",
        "kafka_ca_file": str(place.kafka.authority.file),
    }


def _mtls(place: Place) -> Settings:
    return _tls(place) | {
        "kafka_bootstrap_servers": place.kafka.mtls,
        "kafka_certificate_file": str(place.kafka.client.chain),
        "kafka_key_file": str(place.kafka.client.key),
    }


def _log_in(mechanism: str) -> Callable[[Place], Settings]:
    def settings(place: Place) -> Settings:
        return _tls(place) | {
            "kafka_bootstrap_servers": place.kafka.sasl_tls,
            "kafka_security_protocol": "SASL_SSL",
            "kafka_sasl_mechanism": mechanism,
            "kafka_username": USER,
            "kafka_password": PASSWORD,
        }

    return settings


def _unencrypted(place: Place) -> Settings:
    return {
        "kafka_bootstrap_servers": place.kafka.sasl_clear,
        "kafka_security_protocol": "SASL_PLAINTEXT",
        "kafka_sasl_mechanism": "SCRAM-SHA-512",
        "kafka_username": USER,
        "kafka_password": PASSWORD,
    }


def _by_token(place: Place) -> Settings:
    return _tls(place) | {
        "kafka_bootstrap_servers": place.kafka.sasl_tls,
        "kafka_security_protocol": "SASL_SSL",
        "kafka_sasl_mechanism": "OAUTHBEARER",
        "kafka_oauth_token_url": place.tokens.url,
        "kafka_oauth_client_id": CLIENT,
        "kafka_oauth_client_secret": SECRET,
        "kafka_oauth_scope": SCOPE,
        "kafka_oauth_ca_file": str(place.kafka.authority.file),
    }


KINDS: Mapping[str, Callable[[Place], Settings]] = {
    "SSL": _tls,
    "mTLS": _mtls,
    "SASL_SSL PLAIN": _log_in("PLAIN"),
    "SASL_SSL SCRAM-SHA-256": _log_in("SCRAM-SHA-256"),
    "SASL_SSL SCRAM-SHA-512": _log_in("SCRAM-SHA-512"),
    "SASL_PLAINTEXT SCRAM-SHA-512": _unencrypted,
    "SASL_SSL OAUTHBEARER": _by_token,
}


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """Settings as environment variables."""
    return {f"ORDERFLEX_{name.upper()}": value for name, value in settings.items()}
