"""Settings of security that do not fit are named, and PRO's key never goes in the clear."""

import pytest
from pydantic import ValidationError

from service.from_settings import broker_of, client_of
from service.settings import BadSettings, Settings

SASL = {"kafka_security_protocol": "SASL_SSL", "kafka_sasl_mechanism": "SCRAM-SHA-256"}
USER = {"kafka_username": "u", "kafka_password": "CANARY"}
TOKENS = {
    "kafka_security_protocol": "SASL_SSL",
    "kafka_sasl_mechanism": "OAUTHBEARER",
    "kafka_oauth_token_url": "https://tokens.example/token",
    "kafka_oauth_client_id": "c",
    "kafka_oauth_client_secret": "CANARY",
}


def without(settings: dict[str, str], name: str) -> dict[str, str]:
    return {each: value for each, value in settings.items() if each != name}


@pytest.mark.parametrize("fitting", [{}, SASL | USER, TOKENS, {"kafka_security_protocol": "SSL"}])
def test_what_fits_is_taken(fitting: dict[str, str]) -> None:
    broker_of(Settings.model_validate(fitting))


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        (SASL, "KAFKA_USERNAME: missing; it goes with ORDERFLEX_KAFKA_SASL_MECHANISM=SCRAM-SHA"),
        (without(SASL | USER, "kafka_password"), "KAFKA_PASSWORD: missing"),
        (without(SASL | USER, "kafka_sasl_mechanism"), "KAFKA_SASL_MECHANISM: missing"),
        (without(SASL | USER, "kafka_security_protocol"), "KAFKA_SASL_MECHANISM: is of no use"),
        (USER, "KAFKA_USERNAME: is of no use without ORDERFLEX_KAFKA_SASL_MECHANISM"),
        (TOKENS | USER, "KAFKA_USERNAME: is of no use with ORDERFLEX_KAFKA_SASL_MECHANISM=OAUTH"),
        (without(TOKENS, "kafka_oauth_token_url"), "KAFKA_OAUTH_TOKEN_URL: missing"),
        (without(TOKENS, "kafka_oauth_client_secret"), "KAFKA_OAUTH_CLIENT_SECRET: missing"),
        (SASL | TOKENS | {"kafka_sasl_mechanism": "PLAIN"}, "KAFKA_USERNAME: missing"),
        ({"kafka_ca_file": "/ca.pem"}, "KAFKA_CA_FILE: is of no use with ORDERFLEX_KAFKA_SECURITY"),
        (
            {"kafka_security_protocol": "SSL", "kafka_key_file": "/key.pem"},
            "KAFKA_KEY_FILE: is of no use without ORDERFLEX_KAFKA_CERTIFICATE_FILE",
        ),
        (TOKENS | {"kafka_oauth_token_url": "http://tokens.example"}, "must open with https://"),
        (TOKENS | {"kafka_oauth_token_url": "https://u:CANARY@x"}, "no user and no password"),
        ({"pro_url": "https://u:CANARY@pro.example"}, "no user and no password"),
        ({"pro_url": "http://pro.example"}, "ORDERFLEX_PRO_URL: must open with https://"),
        ({"pro_url": "http://127.0.0.1.example"}, "ORDERFLEX_PRO_URL: must open with https://"),
        ({"pro_url": "http://10.0.0.7:8090"}, "ORDERFLEX_PRO_ALLOW_HTTP=true"),
    ],
)
def test_what_does_not_fit_is_named(settings: dict[str, str], told: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Settings.model_validate(settings)
    assert told in str(refused.value)
    assert "CANARY" not in str(refused.value)


@pytest.mark.parametrize(
    "url", ["http://localhost:8090", "http://127.0.0.1:8090", "http://[::1]:8090", "https://p.x"]
)
def test_this_machine_may_be_asked_without_tls(url: str) -> None:
    assert Settings.model_validate({"pro_url": url}).pro_base_url == url


def test_another_machine_may_be_asked_so_when_that_is_said() -> None:
    settings = {"pro_url": "http://pro-egress.mesh", "pro_allow_http": "true"}
    assert Settings.model_validate(settings).pro_base_url == "http://pro-egress.mesh"


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        (
            {"kafka_security_protocol": "SSL", "kafka_ca_file": "/nowhere.pem"},
            "ORDERFLEX_KAFKA_CA_FILE: /nowhere.pem can't be used (No such file or directory)",
        ),
        (
            {"kafka_security_protocol": "SSL", "kafka_ca_file": __file__},
            f"ORDERFLEX_KAFKA_CA_FILE: {__file__} can't be used (no certificate or crl found)",
        ),
        (
            {"kafka_security_protocol": "SSL", "kafka_certificate_file": __file__},
            f"ORDERFLEX_KAFKA_CERTIFICATE_FILE: {__file__} can't be used",
        ),
        (TOKENS | {"kafka_oauth_ca_file": "/nowhere.pem"}, "ORDERFLEX_KAFKA_OAUTH_CA_FILE: /no"),
    ],
)
def test_a_file_that_can_not_be_used_is_named(settings: dict[str, str], told: str) -> None:
    with pytest.raises(BadSettings) as refused:
        broker_of(Settings.model_validate(settings))
    assert told in str(refused.value)


def test_so_is_pros() -> None:
    settings = Settings.model_validate({"pro_key": "k", "pro_ca_file": "/nowhere.pem"})
    with pytest.raises(BadSettings, match=r"ORDERFLEX_PRO_CA_FILE: /nowhere.pem can't be used"):
        client_of(settings, lambda *_: None, None)
