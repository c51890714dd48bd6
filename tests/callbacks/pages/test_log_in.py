"""The way into the operators' rooms: by the form, from our own page, by nobody else."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from html import unescape

import pytest

from services.base.errors import StorageError
from services.base.settings import load_settings
from services.operations.database import open_operations
from services.operations.log_in_failures import record_log_in_failure
from services.web.access import session, session_stores
from services.web.access.__main__ import main as invite
from services.web.access.attempts import ATTEMPTS_IN_ALL, FREE_ATTEMPTS, Visitor
from services.web.access.session import DEVICE_COOKIE, DEVICE_SECONDS, SESSION_COOKIE
from tests.log_in import OWN_PAGE, form_token, send_log_in

PASSWORD = "Good-velo-42-bleu"
ROOM = "/exploitation/"


@pytest.fixture
def visitor(make_client):
    return make_client(dashboard_password=PASSWORD)


def is_in(client):
    return client.get(ROOM).status_code == 200


def test_the_form_lets_the_operator_in_with_no_monitoring_at_all(visitor):
    assert visitor.get(ROOM).location == f"/connexion?next={ROOM}"
    answer = send_log_in(visitor, "admin", PASSWORD, wanted=ROOM)
    assert (answer.status_code, answer.location) == (303, ROOM)
    assert is_in(visitor)
    # Who is in is not asked again.
    assert visitor.get("/connexion").location == ROOM


def test_the_cookie_is_set_at_the_log_in_only_and_kept_from_scripts_and_other_sites(visitor):
    for path in ("/", "/connexion", ROOM):
        assert "Set-Cookie" not in visitor.get(path).headers
    cookies = send_log_in(visitor, "admin", PASSWORD).headers.getlist("Set-Cookie")
    names = [(DEVICE_COOKIE, "Path=/connexion;"), (SESSION_COOKIE, "Path=/;")]
    for cookie, (name, path) in zip(sorted(cookies), names, strict=True):
        assert cookie.startswith(f"{name}=")
        for part in ("HttpOnly", "SameSite=Lax", path):
            assert part in f"{cookie};"
        assert "Secure" not in cookie


def test_behind_a_proxy_the_cookie_goes_by_tls_only(make_client):
    client = make_client(dashboard_password=PASSWORD, trusted_proxies=1)
    cookies = send_log_in(client, "admin", PASSWORD).headers.getlist("Set-Cookie")
    assert len([cookie for cookie in cookies if "Secure" in cookie]) == 2


def test_who_comes_in_clear_is_told_why_nobody_gets_in(make_client):
    client = make_client(dashboard_password=PASSWORD, trusted_proxies=1)
    told = "Personne ne peut se connecter à cette adresse"
    in_clear = {"base_url": "http://rennes.example"}
    by_tls = {"base_url": "https://rennes.example"}
    assert told in client.get("/connexion", **in_clear).text
    # Before the password is looked at.
    answer = client.post("/connexion", data={"name": "admin", "password": PASSWORD}, **in_clear)
    assert answer.status_code == 400
    assert told in answer.text
    assert "Set-Cookie" not in answer.headers
    for here in ("localhost", "localhost:8050", "127.0.0.1:80", "[::1]", "[::1]:8050"):
        assert told not in client.get("/connexion", base_url=f"http://{here}").text
    assert told not in client.get("/connexion", **by_tls).text
    # Whose cookie goes by either.
    assert told not in make_client().get("/connexion", **in_clear).text


@pytest.mark.parametrize(("name", "password"), [("admin", "x"), ("root", PASSWORD), ("", "")])
def test_a_wrong_name_or_password_is_told_alike(visitor, name, password):
    answer = send_log_in(visitor, name, password)
    assert answer.status_code == 403
    # Bound to the fields for those who do not see it, and nothing of it is repeated.
    assert 'role="alert">Nom d&#x27;utilisateur ou mot de passe inconnu.' in answer.text
    assert answer.text.count('aria-describedby="log-in-error"') == 2
    assert PASSWORD not in answer.text
    assert not is_in(visitor)


def test_in_english_on_demand(visitor):
    visitor.set_cookie("language", "en")
    assert '<h1 class="card-title">Log in</h1>' in visitor.get("/connexion").text
    assert "Unknown user name or password." in send_log_in(visitor, "admin", "x").text


def test_the_language_of_the_address_is_kept_from_the_way_in_to_the_room(visitor):
    asked = visitor.get(f"{ROOM}?lang=en").location
    form = visitor.get(asked).text
    assert '<h1 class="card-title">Log in</h1>' in form
    assert 'href="/?lang=en"' in form
    action = unescape(re.search(r'action="([^"]+)"', form)[1])
    sent = {"name": "admin", "password": "x", "token": form_token(visitor)}
    refused = visitor.post(action, data=sent, headers=OWN_PAGE)
    assert "Unknown user name or password." in refused.text
    accepted = visitor.post(action, data=sent | {"password": PASSWORD}, headers=OWN_PAGE)
    assert accepted.location == f"{ROOM}?lang=en"
    # Whoever is in already goes on in it too; an address that names one itself keeps it.
    assert visitor.get(action).location == f"{ROOM}?lang=en"
    wanted = "/connexion?next=/camera%3Ftroncon=1_D%26lang=fr&lang=en"
    assert visitor.get(wanted).location == "/camera?troncon=1_D&lang=fr"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "http://elsewhere.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"},
    ],
)
def test_another_site_cannot_log_its_visitor_in_or_out(visitor, headers):
    assert send_log_in(visitor, "admin", PASSWORD, headers=headers).status_code == 400
    assert not is_in(visitor)
    send_log_in(visitor, "admin", PASSWORD)
    form = {"token": log_out_token_of(visitor)}
    assert visitor.post("/deconnexion", data=form, headers=headers).status_code == 403
    assert is_in(visitor)


@pytest.mark.parametrize("token", ["", "x", "IiI.aScC.forged"])
def test_a_form_that_is_not_ours_is_refused(visitor, token):
    form = {"name": "admin", "password": PASSWORD, "token": token}
    answer = visitor.post("/connexion", data=form, headers=OWN_PAGE)
    assert answer.status_code == 400
    assert "plus valable" in answer.text
    assert not is_in(visitor)


def test_an_old_form_is_refused(visitor, monkeypatch):
    token = form_token(visitor)
    monkeypatch.setattr("callbacks.pages.log_in.TOKEN_SECONDS", -1)
    form = {"name": "admin", "password": PASSWORD, "token": token}
    assert visitor.post("/connexion", data=form, headers=OWN_PAGE).status_code == 400


@pytest.mark.parametrize(
    "wanted",
    [
        "https://elsewhere.example/",
        "//elsewhere.example/",
        "/\\elsewhere.example/",
        "\\\\elsewhere.example",
        "/\t/elsewhere.example",
        "javascript:alert(1)",
        "elsewhere.example",
        "/camera/\r\nSet-Cookie: a=b",
        "",
    ],
)
def test_one_returns_to_no_other_site_after_the_log_in(visitor, wanted):
    assert send_log_in(visitor, "admin", PASSWORD, wanted=wanted).location == ROOM


@pytest.mark.parametrize("wanted", ["/camera?troncon=1_D", "/dashboard/", "/"])
def test_one_returns_to_the_page_that_one_came_from(visitor, wanted):
    assert send_log_in(visitor, "admin", PASSWORD, wanted=wanted).location == wanted


def log_out_token_of(client):
    """What the form on the operators' pages sends along."""
    layout = client.get(f"{ROOM}_dash-layout").text
    [button] = re.findall(r'\{[^{}]*"submit"[^{}]*\}', layout)
    return json.loads(button)["value"]


def test_logging_out_takes_the_sessions_own_form(visitor):
    send_log_in(visitor, "admin", PASSWORD)
    wrong = visitor.post("/deconnexion", data={"token": "x"}, headers=OWN_PAGE)
    assert wrong.status_code == 403
    assert is_in(visitor)
    form = {"token": log_out_token_of(visitor)}
    assert visitor.post("/deconnexion", data=form, headers=OWN_PAGE).location == "/"
    assert not is_in(visitor)
    # Once more does no harm.
    assert visitor.post("/deconnexion", data=form, headers=OWN_PAGE).status_code == 303
    assert visitor.get("/deconnexion").status_code in {404, 405}


def test_a_session_made_beforehand_is_worth_nothing_after_the_log_in(visitor):
    with visitor.session_transaction() as session:
        session["planted"] = "by somebody else"
    send_log_in(visitor, "admin", PASSWORD)
    with visitor.session_transaction() as session:
        assert "planted" not in session


def test_another_password_ends_the_session(make_client, visitor):
    send_log_in(visitor, "admin", PASSWORD)
    cookie = visitor.get_cookie(SESSION_COOKIE)
    changed = make_client(dashboard_password="the second password")
    changed.set_cookie(SESSION_COOKIE, cookie.value)
    assert not is_in(changed)


def test_guessing_is_slowed_down_in_every_process_and_after_a_restart(make_client):
    processes = [make_client(dashboard_password=PASSWORD) for _ in range(2)]
    for number in range(FREE_ATTEMPTS):
        client = processes[number % 2]
        assert send_log_in(client, "admin", "guess", address="203.0.113.9").status_code == 403
    restarted = make_client(dashboard_password=PASSWORD)
    for client in (*processes, restarted):
        answer = send_log_in(client, "admin", PASSWORD, address="203.0.113.9")
        assert answer.status_code == 429
        assert 0 < int(answer.headers["Retry-After"]) <= 30
        assert "secondes" in answer.text
    assert send_log_in(restarted, "admin", PASSWORD, address="203.0.113.10").status_code == 303


def test_who_tries_on_waits_minutes(make_client, tmp_path):
    client = make_client(dashboard_password=PASSWORD)
    send_log_in(client, "admin", "guess")
    attempts = client.application.extensions["traffic_access"].attempts
    with open_operations(load_settings(data_dir=tmp_path)).begin() as session:
        for _ in range(9):
            now = attempts._clock() - timedelta(seconds=1)
            record_log_in_failure(session, attempts._mark(Visitor("127.0.0.1"), now), now)
    answer = send_log_in(client, "admin", PASSWORD)
    assert answer.status_code == 429
    assert "minutes" in answer.text


def test_where_no_password_can_be_kept_nobody_gets_in_and_the_rest_goes_on(make_client, tmp_path):
    (tmp_path / "monitoring").write_text("a file where the directory should be")
    client = make_client()
    answer = send_log_in(client, "admin", "anything")
    assert answer.status_code == 503
    assert "Personne ne peut se connecter" in answer.text
    assert client.get("/").status_code == 200
    assert client.get("/api/v1/traffic").status_code == 503


@pytest.mark.parametrize("spoil", ["locked", "deleted", "damaged"])
def test_operators_get_in_whatever_became_of_the_measures(make_client, tmp_path, spoil):
    from tests.services.web.monitoring.app import database_of  # noqa: PLC0415

    client = make_client(dashboard_password=PASSWORD, monitor_level="1")
    database = database_of(tmp_path)
    if spoil == "locked":
        database.chmod(0o000)
    elif spoil == "deleted":
        database.unlink()
    else:
        database.write_bytes(b"no database" * 1_000)
    assert send_log_in(client, "admin", PASSWORD, wanted=ROOM).location == ROOM
    assert is_in(client)


def test_a_log_out_ends_the_session_in_every_process_whoever_has_its_cookie(make_client):
    first, second = (make_client(dashboard_password=PASSWORD) for _ in range(2))
    send_log_in(first, "admin", PASSWORD)
    stolen = first.get_cookie(SESSION_COOKIE).value
    for client in (second, make_client(dashboard_password=PASSWORD)):
        client.set_cookie(SESSION_COOKIE, stolen)
        assert is_in(client)
    # Another session of the same operator goes on.
    wall = make_client(dashboard_password=PASSWORD)
    send_log_in(wall, "admin", PASSWORD)
    form = {"token": log_out_token_of(first)}
    assert first.post("/deconnexion", data=form, headers=OWN_PAGE).location == "/"
    first.set_cookie(SESSION_COOKIE, stolen)
    later = make_client(dashboard_password=PASSWORD)
    later.set_cookie(SESSION_COOKIE, stolen)
    assert not any(is_in(client) for client in (first, second, later))
    assert is_in(wall)


def test_a_new_password_ends_sessions_in_processes_that_have_not_heard_of_it(make_client, visitor):
    send_log_in(visitor, "admin", PASSWORD)
    assert is_in(visitor)
    changed = make_client(dashboard_password="the second password")
    assert not is_in(visitor)
    # Nor does the old password open anything there any more.
    assert send_log_in(visitor, "admin", PASSWORD).status_code == 503
    assert send_log_in(changed, "admin", "the second password").status_code == 303


def test_a_generated_password_made_anew_is_known_to_all(make_client, tmp_path, capfd):
    first = make_client()
    old = re.search(r"password:  (\S+)", capfd.readouterr().err).group(1)
    send_log_in(first, "admin", old)
    assert is_in(first)
    (tmp_path / "monitoring" / "operator_password_hash").unlink()
    make_client()
    new = re.search(r"password:  (\S+)", capfd.readouterr().err).group(1)
    assert not is_in(first)
    assert send_log_in(first, "admin", old).status_code == 403
    assert send_log_in(first, "admin", new).status_code == 303


def test_a_device_that_was_in_before_gets_in_during_an_attack(make_client):
    client = make_client(dashboard_password=PASSWORD)
    send_log_in(client, "admin", PASSWORD)
    device = client.get_cookie(DEVICE_COOKIE, path="/connexion")
    assert device.http_only
    assert device.max_age == DEVICE_SECONDS
    attacker = make_client(dashboard_password=PASSWORD)
    for _ in range(FREE_ATTEMPTS):
        send_log_in(attacker, "admin", "guess")
    # From the same address: without the mark one waits, with it one does not.
    assert send_log_in(attacker, "admin", PASSWORD).status_code == 429
    client.delete_cookie(SESSION_COOKIE)
    assert not is_in(client)
    assert send_log_in(client, "admin", PASSWORD).status_code == 303
    attacker.set_cookie(DEVICE_COOKIE, "forged." + device.value, path="/connexion")
    assert send_log_in(attacker, "admin", PASSWORD).status_code == 429


@pytest.fixture
def guessed_at(make_client, tmp_path):
    """A process while a hundred addresses guess within a minute."""
    client = make_client(dashboard_password=PASSWORD)
    attempts = client.application.extensions["traffic_access"].attempts
    with open_operations(load_settings(data_dir=tmp_path)).begin() as transaction:
        for number in range(ATTEMPTS_IN_ALL):
            now = attempts._clock() - timedelta(seconds=1)
            mark = attempts._mark(Visitor(f"198.51.100.{number}"), now)
            record_log_in_failure(transaction, mark, now)
    return client


def invited(monkeypatch, capsys, **settings):
    """The address that the command prints."""
    for name, value in settings.items():
        monkeypatch.setenv(f"TRAFFIC_{name.upper()}", str(value))
    assert invite([]) == 0
    return capsys.readouterr().out.strip()


def test_an_operator_on_a_new_device_gets_in_during_an_attack_by_an_address_of_the_machine(
    guessed_at, tmp_path, monkeypatch, capsys
):
    assert send_log_in(guessed_at, "admin", PASSWORD).status_code == 429
    address = invited(monkeypatch, capsys, data_dir=tmp_path, public_url="https://rennes.example/")
    assert address.startswith("https://rennes.example/connexion?device=")
    path = address.removeprefix("https://rennes.example")
    answer = guessed_at.get(path)
    # Nothing of it stays in the address, and it opens nothing.
    assert answer.location == f"/connexion?next={ROOM}"
    assert not is_in(guessed_at)
    # Opened twice, it is one device: five tries in all.
    guessed_at.get(path)
    for _ in range(FREE_ATTEMPTS - 1):
        assert send_log_in(guessed_at, "admin", "guess").status_code == 403
    assert send_log_in(guessed_at, "admin", PASSWORD).status_code == 303
    assert is_in(guessed_at)


def test_no_other_address_makes_a_device_known(guessed_at, tmp_path, monkeypatch, capsys):
    signed = invited(monkeypatch, capsys, data_dir=tmp_path).partition("device=")[2]
    with guessed_at.application.test_request_context():
        # What a cookie holds is no invitation: it lasts half a year.
        device = session._device_signer().dumps("mark")
    with monkeypatch.context() as patch:
        patch.setattr(session, "INVITATION_SECONDS", -1)
        assert "Set-Cookie" not in guessed_at.get(f"/connexion?device={signed}").headers
    for forged in ("x", f"x{signed}", signed[:-1], device):
        assert "Set-Cookie" not in guessed_at.get(f"/connexion?device={forged}").headers
    assert send_log_in(guessed_at, "admin", PASSWORD).status_code == 429


def test_without_a_key_that_all_know_no_address_is_printed(tmp_path, monkeypatch, capsys):
    (tmp_path / "monitoring").write_text("a file where the directory should be")
    monkeypatch.setenv("TRAFFIC_DATA_DIR", str(tmp_path))
    assert invite([]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert len(told.err.splitlines()) == 1


def log_out(client):
    """End the session; gives its cookie, which somebody else may have."""
    stolen, token = client.get_cookie(SESSION_COOKIE).value, log_out_token_of(client)
    client.post("/deconnexion", data={"token": token}, headers=OWN_PAGE)
    return stolen


def test_a_log_out_that_cannot_be_written_holds_here_whatever_others_write_later(
    make_client, monkeypatch
):
    first, second = (make_client(dashboard_password=PASSWORD) for _ in range(2))
    for client in (first, second):
        send_log_in(client, "admin", PASSWORD)

    def full(*_given, **_options):
        raise StorageError("No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(session_stores, "write_atomically", full)
        stolen = log_out(first)
        first.set_cookie(SESSION_COOKIE, stolen)
        assert not is_in(first)
    log_out(second)
    assert not is_in(first)
    # Once it can be written, all know.
    send_log_in(first, "admin", PASSWORD)
    log_out(first)
    second.set_cookie(SESSION_COOKIE, stolen)
    assert not is_in(second)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"\xff", b"[" * 9_000, None], ids=lambda content: str(content)[:9]
)
def test_where_it_is_lost_who_has_logged_out_all_sessions_are_over(
    make_client, tmp_path, caplog, content
):
    clients = [make_client(dashboard_password=PASSWORD) for _ in range(2)]
    for client in clients:
        send_log_in(client, "admin", PASSWORD)
    stolen = log_out(clients[0])
    file = tmp_path / "monitoring" / "sessions.json"
    if content is None:
        file.unlink()
    else:
        file.write_bytes(content)
    restarted = make_client(dashboard_password=PASSWORD)
    for client in (restarted, clients[0]):
        client.set_cookie(SESSION_COOKIE, stolen)
    assert not any(is_in(client) for client in (restarted, *clients))
    assert caplog.text.count("all sessions are over") == (content is not None)
    # Whoever logs in again is in everywhere.
    send_log_in(restarted, "admin", PASSWORD)
    clients[1].set_cookie(SESSION_COOKIE, restarted.get_cookie(SESSION_COOKIE).value)
    assert is_in(clients[1])
