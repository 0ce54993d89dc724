"""统一登录: the county's single sign-on, against a small provider that speaks the protocol; and everything bent."""

from dataclasses import replace
from urllib.parse import parse_qs, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

import pyotp
import pytest
from joserfc.jwk import ECKey
from sqlalchemy import select

from engine.commands.hall import single_sign_on
from engine.errors import NotYours
from engine.people import factors
from engine.store.models import Event, Notice, User
from tests.cast import PASSWORD
from tests.hall import Open
from tests.provider import CLIENT, SECRET, open_provider, shared
from web import settings
from web.settings import Provider


@pytest.fixture
def provider(hall: Open):
    with open_provider(hall.clock) as opened:
        sso = Provider(issuer=opened.address, client=CLIENT, secret=SECRET, fixed=True)
        hall.app.settings = replace(hall.app.settings, sso=sso)
        hall.app.jinja_env.globals["settings"] = hall.app.settings
        yield opened


class _Stay(HTTPRedirectHandler):
    def redirect_request(self, *_args):
        return None


def _go(hall: Open, next: str = ""):
    """A browser that was sent there and comes back: (client, the address it comes back to)."""
    client = hall.client()
    answer = client.get(f"/desk/enter/sso?next={next}" if next else "/desk/enter/sso")
    assert answer.status_code == 302, answer.text
    try:
        build_opener(_Stay).open(Request(answer.location))
    except OSError as led:
        return client, led.headers["Location"]
    raise AssertionError("Expected to be sent back")


def _back(client, address: str):
    parts = urlsplit(address)
    return client.get(f"{parts.path}?{parts.query}")


def test_whoever_the_single_sign_on_knows_is_in_without_a_password(hall: Open, provider):
    assert "统一登录" in hall.client().get("/desk/enter").text
    client, address = _go(hall, "/desk/list/open")
    done = _back(client, address)
    assert (done.status_code, done.location) == (302, "/desk/list/open")
    assert "陈小云" in client.get("/desk").text and "统一登录" in client.get("/desk/account").text
    with hall.database.reading() as work:
        kinds = work.session.scalars(select(Event.kind).where(Event.by_id == hall.cast.users["chen"])).all()
        assert sorted(kinds)[-2:] == ["person.logged-in", "person.sso-joined"]
    assert _back(client, address).status_code == 409  # the same address once more


def test_where_one_is_sent_says_what_is_asked_and_no_secret(hall: Open, provider):
    answer = hall.client().get("/desk/enter/sso")
    asked = {name: values[0] for name, values in parse_qs(urlsplit(answer.location).query).items()}
    assert asked["redirect_uri"] == "http://localhost/desk/enter/sso/back"
    assert asked["code_challenge_method"] == "S256" and len(asked["nonce"]) > 20 and len(asked["state"]) > 20
    assert SECRET not in answer.location


@pytest.mark.parametrize(
    "bend",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"aud": "another hall"},
        {"iss": "https://evil.example"},
        {"exp": 1},
        {"sub": None},
        {"azp": "another hall"},
    ],
    ids=lambda bend: next(iter(bend)),
)
def test_a_token_that_is_not_for_this_sign_in_opens_nothing(hall: Open, provider, bend):
    provider.bend = bend
    client, address = _go(hall)
    answer = _back(client, address)
    assert answer.status_code == 502 and "统一登录没有完成" in answer.text
    assert client.get("/desk").status_code == 302


def test_a_token_that_somebody_else_signed_opens_nothing(hall: Open, provider):
    for key, algorithm in ((ECKey.generate_key("P-256", {"kid": "1"}), "ES256"), (shared(), "HS256")):
        provider.signs, provider.algorithm = key, algorithm
        client, address = _go(hall)
        assert _back(client, address).status_code == 502, algorithm


@pytest.mark.parametrize(
    "says",
    [
        {"issuer": "https://evil.example"},
        {"authorization_endpoint": "http://evil.example/authorize"},
        {"authorization_endpoint": ""},
    ],
    ids=lambda says: next(iter(says)),
)
def test_a_provider_that_leads_elsewhere_is_not_followed(hall: Open, provider, says):
    provider.says = says
    answer = hall.client().get("/desk/enter/sso")
    assert answer.status_code == 502 and "统一登录没有完成" in answer.text


def test_a_provider_whose_name_ends_in_a_slash_is_known_by_it(hall: Open, provider):
    """The setting is kept without it; the provider says itself with it, in its document and in each token."""
    provider.says, provider.bend = {"issuer": f"{provider.address}/"}, {"iss": f"{provider.address}/"}
    client, address = _go(hall)
    assert _back(client, address).location == "/desk"
    provider.bend = {"iss": "https://evil.example/"}
    client, address = _go(hall)
    assert _back(client, address).status_code == 502


def test_one_that_is_not_there_is_said_on_the_page(hall: Open):
    away = Provider(issuer="http://127.0.0.1:9", client=CLIENT, secret=SECRET)
    hall.app.settings = replace(hall.app.settings, sso=away)
    answer = hall.client().get("/desk/enter/sso")
    assert answer.status_code == 502 and "请用用户名和密码登录" in answer.text


def test_only_the_browser_that_went_comes_back(hall: Open, provider):
    _client, address = _go(hall)
    assert _back(hall.client(), address).status_code == 409
    client, _own = _go(hall)
    assert _back(client, address).status_code == 502  # with somebody else's state
    client, address = _go(hall)
    refused = client.get(f"/desk/enter/sso/back?error=access_denied&{urlsplit(address).query.partition('&')[2]}")
    assert refused.status_code == 502 and "access_denied" in refused.text


def test_an_account_is_never_made_and_one_that_was_closed_stays_so(hall: Open, provider):
    provider.who = {"sub": "1", "preferred_username": "newcomer"}
    client, address = _go(hall)
    answer = _back(client, address)
    assert answer.status_code == 403 and "没有和您对得上的账号" in answer.text
    with hall.database.unit_of_work() as work:
        assert work.session.scalar(select(User.id).where(User.login == "newcomer")) is None
        work.session.get_one(User, hall.cast.users["chen"]).disabled_at = hall.clock()
    provider.who = {"sub": "10086", "preferred_username": "chen"}
    client, address = _go(hall)
    assert _back(client, address).status_code == 403


def test_a_name_that_was_given_on_to_somebody_else_opens_nothing(hall: Open, provider):
    client, address = _go(hall)
    _back(client, address)
    provider.who = {"sub": "10010", "preferred_username": "chen"}
    client, address = _go(hall)
    assert _back(client, address).status_code == 403
    provider.who = {"sub": "10086", "preferred_username": "renamed"}  # the same person by another name there
    client, address = _go(hall)
    assert _back(client, address).status_code == 302


@pytest.fixture
def chosen(hall: Open, provider):
    """A provider where people choose their own name, as most are."""
    hall.app.settings = replace(hall.app.settings, sso=replace(hall.app.settings.sso, fixed=False))
    hall.app.jinja_env.globals["settings"] = hall.app.settings
    return provider


def _password(client, name: str, next: str = ""):
    return client.post("/desk/enter", data={"name": name, "password": PASSWORD, "next": next})


def _subject(hall: Open, name: str):
    with hall.database.reading() as work:
        return work.session.scalar(select(User.sso_subject).where(User.login == name))


def test_who_calls_themselves_a_head_there_is_not_therefore_the_head_here(hall: Open, chosen):
    """Who came first by a name had its account, whoever it was, of all who had not used the sign-on yet."""
    chosen.who = {"sub": "666", "preferred_username": "zhao"}
    client, address = _go(hall, "/desk/list/open")
    answer = _back(client, address)
    assert answer.location == "/desk/enter?next=/desk/list/open"
    page = client.get(answer.location).text
    assert "统一登录认出了“zhao”" in page and "请再用大厅的密码登录一次" in page
    assert client.get("/desk").status_code == 302 and _subject(hall, "zhao") is None
    assert _password(client, "wang").status_code == 302  # their own, not the one they named
    assert "没有连到这个账号" in client.get("/desk").text
    assert (_subject(hall, "zhao"), _subject(hall, "wang")) == (None, None)


def test_who_shows_it_by_the_password_once_is_joined_and_told_and_needs_it_no_more(hall: Open, chosen):
    client, address = _go(hall, "/desk/list/open")
    assert _back(client, address).location.startswith("/desk/enter")
    assert client.post("/desk/enter", data={"name": "chen", "password": "wrong"}).status_code != 302
    assert _subject(hall, "chen") is None
    assert _password(client, "chen", "/desk/list/open").location == "/desk/list/open"
    assert "以后用统一登录就能进来" in client.get("/desk").text and _subject(hall, "chen") is not None
    client, address = _go(hall)
    assert _back(client, address).location == "/desk"
    with hall.database.reading() as work:
        told = work.session.scalars(select(Notice.text).where(Notice.user_id == hall.cast.users["chen"])).all()
        assert any("统一登录能进您的账号" in one for one in told)


def test_who_did_not_ask_for_it_or_comes_too_late_is_not_joined(hall: Open, chosen):
    client, address = _go(hall)
    _back(client, address)
    assert client.post("/desk/enter/not-joined").location == "/desk/enter"
    assert "统一登录认出了" not in client.get("/desk/enter").text
    _password(client, "chen")
    assert _subject(hall, "chen") is None
    client, address = _go(hall)
    _back(client, address)
    hall.clock.on(minutes=11)
    _password(client, "chen")
    assert _subject(hall, "chen") is None and "没有连到这个账号" in client.get("/desk").text


def test_after_the_password_the_second_factor_is_asked_before_it_is_joined(hall: Open, chosen):
    with hall.database.unit_of_work() as work:
        factors.begin(work, hall.cast.users["chen"], now=hall.clock())
        app = pyotp.TOTP(factors.begun(work, hall.cast.users["chen"], now=hall.clock()))
        assert factors.confirm(work, hall.cast.users["chen"], app.at(hall.clock()), now=hall.clock())
    client, address = _go(hall)
    _back(client, address)
    hall.clock.on(minutes=1)
    assert _password(client, "chen").location.startswith("/desk/enter/second") and _subject(hall, "chen") is None
    assert client.post("/desk/enter/second", data={"code": app.at(hall.clock())}).status_code == 302
    assert _subject(hall, "chen") is not None


def test_the_claim_is_the_one_that_is_set(hall: Open, provider):
    hall.app.settings = replace(hall.app.settings, sso=replace(hall.app.settings.sso, claim="employee"))
    provider.who = {"sub": "1", "preferred_username": "wang", "employee": " CHEN "}
    client, address = _go(hall)
    assert _back(client, address).location == "/desk" and "陈小云" in client.get("/desk").text


def test_a_post_that_needs_two_has_them_here_or_there(hall: Open, provider):
    hall.app.settings = replace(hall.app.settings, second_factor=frozenset({"staff"}))
    client, address = _go(hall)
    _back(client, address)
    assert client.get("/desk").location == "/desk/account"  # it asked for one
    sso = replace(hall.app.settings.sso, two_factors=True)
    hall.app.settings = replace(hall.app.settings, sso=sso)
    assert client.get("/desk").status_code == 200
    hall.app.settings = replace(hall.app.settings, sso=replace(sso, two_factors=False))
    with hall.database.unit_of_work() as work:
        factors.begin(work, hall.cast.users["chen"], now=hall.clock())
        code = pyotp.TOTP(factors.begun(work, hall.cast.users["chen"], now=hall.clock())).at(hall.clock())
        assert factors.confirm(work, hall.cast.users["chen"], code, now=hall.clock())
    client, address = _go(hall)
    assert _back(client, address).location == "/desk/enter/second"


def test_without_a_setting_there_is_none(hall: Open):
    assert hall.client().get("/desk/enter/sso").status_code == 404
    assert hall.client().get("/desk/enter/sso/back").status_code == 404
    assert "统一登录" not in hall.client().get("/desk/enter").text


def test_settings_of_it_that_do_not_hold_stop_the_program(tmp_path):
    base = {"YIZHAN_HOME": str(tmp_path), "YIZHAN_SSO_ISSUER": "https://id.example.cn/"}
    whole = {**base, "YIZHAN_SSO_CLIENT": "hall", "YIZHAN_SSO_SECRET": "s"}
    assert settings.read(whole).sso == Provider("https://id.example.cn", "hall", "s")
    assert "'s'" not in repr(settings.read(whole))
    for wrong in (base, {**whole, "YIZHAN_SSO_ISSUER": "http://id.example.cn"}, {**whole, "YIZHAN_SSO_ISSUER": "x"}):
        with pytest.raises(settings.BadSettings):
            settings.read(wrong)


@pytest.mark.both
def test_two_of_one_name_there_are_one_account_here(database, cast, clock):
    assert single_sign_on.match(database, "https://id", "1", "Chen", fixed=True, hall="大厅", now=clock()) == (
        cast.users["chen"],
        "chen",
    )
    with pytest.raises(NotYours):
        single_sign_on.match(database, "https://id", "2", "chen", fixed=True, hall="大厅", now=clock())
    with pytest.raises(NotYours):
        single_sign_on.match(database, "https://other", "1", "chen", fixed=True, hall="大厅", now=clock())
    with pytest.raises(NotYours):
        single_sign_on.match(database, "https://id", "3", "", fixed=True, hall="大厅", now=clock())
