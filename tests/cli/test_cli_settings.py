"""Settings are listed without their secrets, and wrong ones are named without their values."""

import pytest
from cryptography.fernet import Fernet

from service.settings import Settings

from .commands import Run

CANARY = "CANARY7f3a"
KEY = Fernet.generate_key().decode()


def test_every_setting_is_listed(orderflex: Run) -> None:
    ended = orderflex("settings")
    assert ended.code == 0
    for name in Settings.model_fields:
        assert f"ORDERFLEX_{name.upper()} " in ended.said


def test_secrets_are_masked(orderflex: Run) -> None:
    ended = orderflex(
        "settings",
        pro_key=f"{CANARY}1",
        payload_keys=f"{CANARY}2,{CANARY}3",
        api_tokens=f"ada={CANARY}-long-enough-for-a-token",
        page_tokens=f"ada={CANARY}-long-enough-for-a-token",
        page_user_header="X-Forwarded-Email",
        page_proxy_secret=f"{CANARY}-long-enough-for-a-secret",
        papers_access_key=f"{CANARY}5",
        papers_secret_key=f"{CANARY}6",
        ledger_url=f"postgresql+asyncpg://user:{CANARY}4@db.example/ledger",
    )
    assert ended.code == 0
    assert CANARY not in ended.out + ended.err
    assert "postgresql+asyncpg://user:***@db.example/ledger" in ended.said
    assert "(2 set)" in ended.said


def test_a_ledger_url_that_is_none_is_not_shown(orderflex: Run) -> None:
    ended = orderflex("settings", ledger_url=CANARY)
    assert ended.code == 0
    assert CANARY not in ended.out + ended.err


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({"http_port": CANARY}, "ORDERFLEX_HTTP_PORT"),
        ({"max_in_flight": "0"}, "ORDERFLEX_MAX_IN_FLIGHT"),
        ({"lookups_after": f"5,{CANARY}"}, "ORDERFLEX_LOOKUPS_AFTER"),
        ({"pro_environment": CANARY}, "ORDERFLEX_PRO_ENVIRONMENT"),
        ({"label_format": CANARY}, "ORDERFLEX_LABEL_FORMAT"),
        ({"lease": "90", "pro_deadline": "45"}, "ORDERFLEX_LEASE"),
        ({"pro_deadline": "6"}, "ORDERFLEX_PRO_DEADLINE"),
        ({"pro_url": CANARY}, "ORDERFLEX_PRO_URL"),
        ({"retry_tiers": "60,5,600"}, "ORDERFLEX_RETRY_TIERS"),
        ({"retry_tiers": "5,60"}, "ORDERFLEX_RETRY_TIERS"),
        ({"api_tokens": f"ada={CANARY}"}, "ORDERFLEX_API_TOKENS"),
        ({"api_tokens": f"{CANARY}-without-any-name-to-it"}, "ORDERFLEX_API_TOKENS"),
        ({"api_tokens": f"={CANARY}-with-an-empty-name"}, "ORDERFLEX_API_TOKENS"),
        ({"api_tokens": f"a={CANARY}-twice-the-same,b={CANARY}-twice-the-same"}, "ORDERFLEX_API_"),
        ({"page_tokens": f"ada={CANARY}"}, "ORDERFLEX_PAGE_TOKENS"),
        ({"page_user_header": "X-User"}, "ORDERFLEX_PAGE_PROXY_SECRET"),
        ({"page_proxies": "10.0.0.0/8"}, "ORDERFLEX_PAGE_USER_HEADER"),
        ({"page_user_header": f"{CANARY} x"}, "ORDERFLEX_PAGE_USER_HEADER"),
        ({"page_user_header": "X-User", "page_proxies": CANARY}, "ORDERFLEX_PAGE_PROXIES"),
        ({"page_user_header": "X-User", "page_proxy_secret": CANARY}, "ORDERFLEX_PAGE_PROXY_SEC"),
        ({"papers_store": ""}, "ORDERFLEX_PAPERS_STORE"),
        ({"papers_store": f"ftp://{CANARY}/papers"}, "ORDERFLEX_PAPERS_STORE"),
        ({"papers_store": f"file://{CANARY}/papers"}, "ORDERFLEX_PAPERS_STORE"),
        ({"papers_store": "s3:///papers"}, "ORDERFLEX_PAPERS_STORE"),
        ({"papers_store": f"s3://key:{CANARY}@bucket/papers"}, "ORDERFLEX_PAPERS_STORE"),
        ({"papers_store": f"s3://bucket/papers?secret={CANARY}"}, "ORDERFLEX_PAPERS_STORE"),
        ({"papers_endpoint": CANARY}, "ORDERFLEX_PAPERS_ENDPOINT"),
        ({"papers_access_key": CANARY}, "ORDERFLEX_PAPERS_SECRET_KEY"),
        ({"papers_secret_key": CANARY}, "ORDERFLEX_PAPERS_ACCESS_KEY"),
        ({"papers_inline_bytes": "450001"}, "ORDERFLEX_PAPERS_INLINE_BYTES"),
        ({"papers_timeout": "0"}, "ORDERFLEX_PAPERS_TIMEOUT"),
    ],
)
def test_a_wrong_setting_is_named(orderflex: Run, settings: dict[str, str], name: str) -> None:
    ended = orderflex("settings", **settings)
    assert ended.code == 2
    assert name in ended.err
    assert CANARY not in ended.out + ended.err
    assert "`orderflex settings` lists them all." in ended.err


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"payload_keys": KEY}, "ORDERFLEX_PRO_KEY: missing"),
        ({"pro_key": CANARY}, "ORDERFLEX_PAYLOAD_KEYS: missing; make a key with `orderflex"),
        ({"pro_key": CANARY, "payload_keys": f"{CANARY}2"}, "ORDERFLEX_PAYLOAD_KEYS: not a Fernet"),
        (
            {"pro_key": CANARY, "payload_keys": KEY, "steps_off": "order.packed"},
            "ORDERFLEX_STEPS_OFF: order.packed is no step; steps are order.placed",
        ),
        (
            {"pro_key": CANARY, "payload_keys": KEY, "papers_store": "/dev/null/papers"},
            "ORDERFLEX_PAPERS_STORE: must be a folder that the service may write to",
        ),
        (
            {"pro_key": CANARY, "payload_keys": KEY, "papers_store": "s3://bucket/a//b"},
            "ORDERFLEX_PAPERS_STORE: no store can be made of it",
        ),
    ],
    ids=["no PRO key", "no payload key", "no Fernet key", "no step", "no folder", "no prefix"],
)
def test_serve_needs_its_settings(
    orderflex_apart: Run, settings: dict[str, str], told: str
) -> None:
    ended = orderflex_apart("serve", **settings)
    assert ended.code == 2
    assert told in ended.said
    assert CANARY not in ended.out + ended.err
