"""Nobody is let in but by a token or by the proxy; a session ends when it should."""

from collections.abc import AsyncIterator
from ipaddress import ip_network

import httpx
import pytest
from pydantic import SecretStr

from service.page.access import SECRET_HEADER, ProxyPolicy
from service.page.attempts import MOST_KNOWN, Attempts, AttemptsPolicy
from service.page.routes import ACTIONS, PAGES
from service.page.sessions import SessionPolicy
from tests.reactions.world import World

from .html import read
from .visitor import BROWSER, HOST, POLICY, TOKENS, Visitor, visitor_of

SECRET = "what-the-proxy-shares-with-us"
BY_SECRET = ProxyPolicy("X-Forwarded-Email", SecretStr(SECRET))
BY_ADDRESS = ProxyPolicy("X-Forwarded-Email", None, [ip_network("10.0.3.0/24")])
BY_BOTH = ProxyPolicy("X-Forwarded-Email", SecretStr(SECRET), [ip_network("10.0.3.0/24")])
NAMED = {"x-forwarded-email": "eve@example.com"}
PROVEN = NAMED | {SECRET_HEADER: SECRET}


@pytest.fixture
async def nobody(world: World) -> AsyncIterator[Visitor]:
    """Somebody who has not signed in."""
    async with visitor_of(world) as made:
        yield made


async def test_without_a_session_every_page_leads_to_the_door(nobody: Visitor) -> None:
    for path in (*PAGES, *ACTIONS):
        answer = await nobody.client.get(f"{path}?reference=WEB-1&number=1")
        assert answer.status_code == 303, path
        assert answer.headers["location"].startswith("/sign-in")


async def test_without_a_session_nothing_is_done(nobody: Visitor) -> None:
    await nobody.bury("WEB-1")
    for path in (*ACTIONS, "/sign-out"):
        answer = await nobody.client.post(
            f"{path}?reference=WEB-1&number=1", data={"because": "x"}, headers=BROWSER
        )
        assert answer.status_code == (303 if path == "/sign-out" else 403)
    assert nobody.published == []
    assert await nobody.world.history() == ["dead letter"]


async def test_a_token_opens_a_session_in_a_guarded_cookie(nobody: Visitor) -> None:
    answer = await nobody.sign_in()
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-orderflex=")
    for attribute in ("HttpOnly", "SameSite=strict", "Secure", "Path=/", "Max-Age=43200"):
        assert attribute in cookie
    assert "Domain" not in cookie
    for said in ("ada", *TOKENS.values()):
        assert said not in cookie
    assert "Signed in as ada" in (await nobody.look("/")).text


@pytest.mark.parametrize(
    ("policy", "scheme", "headers", "is_secure"),
    [
        (POLICY, "https", {}, True),
        (POLICY, "http", {"x-forwarded-proto": "https"}, True),
        (SessionPolicy(1800, 43_200, https=True), "http", {}, True),
        (POLICY, "http", {}, False),
    ],
)
async def test_the_cookie_goes_in_the_clear_only_where_all_else_does(
    world: World, policy: SessionPolicy, scheme: str, headers: dict[str, str], is_secure: bool
) -> None:
    async with visitor_of(world, policy=policy) as visitor:
        visitor.client.base_url = httpx.URL(f"{scheme}://{HOST}")
        answer = await visitor.sign_in(origin=f"{scheme}://{HOST}", **headers)
        cookie = answer.headers["set-cookie"]
        assert ("Secure" in cookie) is is_secure
        assert cookie.startswith("__Host-orderflex=" if is_secure else "orderflex=")


@pytest.mark.parametrize(
    "token", ["", "x", TOKENS["ada"] + "x", TOKENS["ada"][:-1], "ada", "ü" * 20, "\ud800"]
)
async def test_a_wrong_token_opens_nothing(nobody: Visitor, token: str) -> None:
    sent = httpx.QueryParams({"token": token.encode("utf-8", "replace").decode()})
    answer = await nobody.client.post(
        "/sign-in",
        content=str(sent).encode(),
        headers=BROWSER | {"content-type": "application/x-www-form-urlencoded"},
    )
    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers
    shown = read(answer.text)
    assert "That token is not known here." in shown.text
    assert token not in answer.text or token in ("", "x", "ada")


async def test_guessing_is_slowed_down_for_one_address(nobody: Visitor) -> None:
    for _ in range(AttemptsPolicy().of_one):
        wrong = await nobody.client.post("/sign-in", data={"token": "x"}, headers=BROWSER)
        assert wrong.status_code == 401
    refused = await nobody.client.post("/sign-in", data={"token": "x"}, headers=BROWSER)
    assert refused.status_code == 429
    assert 0 < int(refused.headers["retry-after"]) <= 60
    nobody.world.clock.forward(61)
    wrong = await nobody.client.post("/sign-in", data={"token": "x"}, headers=BROWSER)
    assert wrong.status_code == 401


async def test_who_has_a_token_is_kept_waiting_by_no_guesses_of_others(nobody: Visitor) -> None:
    """Behind an ingress all have its address."""
    for _ in range(AttemptsPolicy().of_one + 1):
        await nobody.client.post("/sign-in", data={"token": "x"}, headers=BROWSER)
    assert (await nobody.sign_in()).status_code == 303


def test_guessing_is_slowed_down_for_all_together_and_remembered_for_so_many() -> None:
    now = [0.0]
    attempts = Attempts(AttemptsPolicy(of_one=2, of_all=5000, seconds=60.0), lambda: now[0])
    for number in range(MOST_KNOWN + 50):
        attempts.failed(f"address {number}")
    assert len(attempts._of) == MOST_KNOWN
    attempts = Attempts(AttemptsPolicy(of_one=10, of_all=3, seconds=60.0), lambda: now[0])
    for number in range(3):
        assert attempts.seconds_to_wait(f"address {number}") == 0
        attempts.failed(f"address {number}")
    now[0] = 20.0
    assert attempts.seconds_to_wait("another") == 40.0


async def test_a_session_ends_when_it_is_not_used(visitor: Visitor) -> None:
    for _ in range(4):
        visitor.world.clock.forward(1700)
        await visitor.look("/")
    visitor.world.clock.forward(1801)
    assert (await visitor.client.get("/")).status_code == 303


async def test_a_session_ends_when_it_is_old_however_much_it_is_used(visitor: Visitor) -> None:
    for _ in range(28):
        visitor.world.clock.forward(1500)
        await visitor.look("/")
    visitor.world.clock.forward(1500)
    assert (await visitor.client.get("/")).status_code == 303


async def test_a_session_in_use_is_renewed_only_now_and_then(visitor: Visitor) -> None:
    visitor.world.clock.forward(30)
    assert "set-cookie" not in (await visitor.client.get("/")).headers
    visitor.world.clock.forward(31)
    assert "set-cookie" in (await visitor.client.get("/")).headers


async def test_who_signs_out_is_out_even_with_a_copy_of_the_cookie(visitor: Visitor) -> None:
    kept = dict(visitor.client.cookies)
    token = (await visitor.look("/")).forms[0]["form_token"]
    answer = await visitor.client.post("/sign-out", data={"form_token": token}, headers=BROWSER)
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    assert not visitor.client.cookies
    again = await visitor.client.get("/", headers=_as_cookie(kept))
    assert again.status_code == 303


async def test_a_cookie_that_is_not_ours_opens_nothing(visitor: Visitor, world: World) -> None:
    (name, value), *_ = visitor.client.cookies.items()
    async with visitor_of(world) as other:  # another service, with other keys
        await other.sign_in()
        foreign = other.client.cookies[name]
    visitor.client.cookies.clear()
    for given in (value[:-4] + "AAAA", foreign, "", "x", "ü".encode().hex()):
        answer = await visitor.client.get("/", headers=_as_cookie({name: given}))
        assert answer.status_code == 303, given
    assert (await visitor.client.get("/", headers=_as_cookie({name: value}))).status_code == 200


async def test_a_session_ends_with_the_token_that_opened_it(world: World) -> None:
    async with visitor_of(world) as before, visitor_of(world, tokens={"ada": "x" * 20}) as after:
        await before.sign_in()
        before.app.router.routes = after.app.router.routes
        assert (await before.client.get("/")).status_code == 303


@pytest.mark.parametrize(
    ("wanted", "led_to"),
    [
        ("/order?reference=WEB%2F1", "/order?reference=WEB%2F1"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("\\\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("//[", "/"),
        ("http://[", "/"),
        ("/[", "/["),
        ("/\r\nset-cookie: a=b", "/"),
        ("", "/"),
    ],
)
async def test_signing_in_leads_nowhere_but_to_a_page_of_ours(
    nobody: Visitor, wanted: str, led_to: str
) -> None:
    data = {"token": TOKENS["ada"], "next": wanted}
    answer = await nobody.client.post("/sign-in", data=data, headers=BROWSER)
    assert (answer.status_code, answer.headers["location"]) == (303, led_to)


async def test_an_address_that_is_none_leads_to_the_door_all_the_same(nobody: Visitor) -> None:
    shown = await nobody.look("/sign-in?next=//[")
    assert shown.forms[-1]["next"] == "/"


async def test_after_signing_in_one_is_where_one_wanted_to_go(nobody: Visitor) -> None:
    led = await nobody.client.get("/order?reference=WEB%2F1")
    shown = await nobody.look(led.headers["location"])
    assert shown.forms[-1]["next"] == "/order?reference=WEB%2F1"


async def test_a_link_from_elsewhere_has_a_way_on_for_who_is_signed_in(nobody: Visitor) -> None:
    answer = await nobody.client.get(
        "/sign-in?next=/unshipped", headers={"sec-fetch-site": "cross-site"}
    )
    assert read(answer.text).leads_to("Go on to the page") == "/unshipped"


@pytest.mark.parametrize(
    ("proxy", "address", "headers", "is_let_in"),
    [
        (BY_SECRET, "10.9.9.9", PROVEN, True),
        (BY_SECRET, "10.9.9.9", NAMED, False),
        (BY_SECRET, "10.9.9.9", NAMED | {SECRET_HEADER: SECRET + "x"}, False),
        (BY_SECRET, "10.9.9.9", NAMED | {SECRET_HEADER: ""}, False),
        (BY_SECRET, "10.9.9.9", {SECRET_HEADER: SECRET}, False),
        (BY_SECRET, "10.9.9.9", PROVEN | {"x-forwarded-email": "  "}, False),
        (BY_SECRET, "10.9.9.9", PROVEN | {"x-forwarded-email": "e" * 201}, False),
        (BY_ADDRESS, "10.0.3.7", NAMED, True),
        (BY_ADDRESS, "::ffff:10.0.3.7", NAMED, True),
        (BY_ADDRESS, "10.0.4.7", NAMED, False),
        (BY_ADDRESS, "10.0.4.7", NAMED | {"x-forwarded-for": "10.0.3.7"}, False),
        (BY_ADDRESS, "nonsense", NAMED, False),
        (BY_BOTH, "10.0.3.7", PROVEN, True),
        (BY_BOTH, "10.0.3.7", NAMED, False),
        (BY_BOTH, "10.0.4.7", PROVEN, False),
        (ProxyPolicy("X-Forwarded-Email"), "10.0.3.7", PROVEN, False),
    ],
)
async def test_a_proxy_is_believed_only_when_it_is_the_proxy(
    world: World, proxy: ProxyPolicy, address: str, headers: dict[str, str], is_let_in: bool
) -> None:
    async with visitor_of(world, tokens={}, proxy=proxy, client=(address, 1234)) as visitor:
        answer = await visitor.client.get("/", headers=headers)
        assert answer.status_code == (200 if is_let_in else 403)
        assert ("eve@example.com" in answer.text) is is_let_in
        assert ("set-cookie" in answer.headers) is is_let_in
        assert (await visitor.client.get("/sign-in")).status_code == 403
        signing = await visitor.client.post("/sign-in", data={"token": ""}, headers=BROWSER)
        assert signing.status_code == 403


async def test_a_proxy_that_names_two_people_names_nobody(world: World) -> None:
    async with visitor_of(world, tokens={}, proxy=BY_SECRET) as visitor:
        twice = [*PROVEN.items(), ("x-forwarded-email", "mallory@example.com")]
        assert (await visitor.client.get("/", headers=twice)).status_code == 403


async def test_who_came_by_the_proxy_is_nobody_without_it(world: World) -> None:
    async with visitor_of(world, tokens={}, proxy=BY_SECRET) as visitor:
        assert (await visitor.client.get("/", headers=PROVEN)).status_code == 200
        assert visitor.client.cookies
        assert (await visitor.client.get("/")).status_code == 403


async def test_a_session_is_not_handed_on_to_whom_the_proxy_names_next(world: World) -> None:
    async with visitor_of(world, tokens={}, proxy=BY_SECRET) as visitor:
        number = await visitor.bury("WEB-1")
        path = f"/dead-letter/discard?number={number}"
        first = read((await visitor.client.get(path, headers=PROVEN)).text)
        assert "Sign out" not in first.text
        form = first.forms[-1] | {"because": "x"}
        as_fay = PROVEN | {"x-forwarded-email": "fay@example.com"} | BROWSER
        assert (await visitor.client.post(path, data=form, headers=as_fay)).status_code == 403
        mine = read((await visitor.client.get(path, headers=PROVEN)).text).forms[-1]
        sent = await visitor.client.post(
            path, data=mine | {"because": "by mistake"}, headers=PROVEN | BROWSER
        )
        assert sent.status_code == 303
        (note,) = [each for each in await visitor.world.entries() if each.what == "discarded"]
        assert note.details["by"] == "eve@example.com"


async def test_both_ways_in_are_open_where_both_are_set(world: World) -> None:
    async with visitor_of(world, proxy=BY_SECRET) as visitor:
        assert (await visitor.sign_in()).status_code == 303
        assert "Signed in as ada" in (await visitor.look("/")).text
        by_proxy = await visitor.client.get("/", headers=PROVEN)
        assert "Signed in as eve@example.com" in read(by_proxy.text).text


def _as_cookie(cookies: dict[str, str]) -> dict[str, str]:
    return {"cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}
