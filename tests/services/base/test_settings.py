from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from gunicorn.util import parse_address

from services.base.errors import ConfigurationError
from services.base.privacy import without_personal_data
from services.base.settings import PREFIX, Settings, load_settings


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch, tmp_path):
    for name in list(os.environ):
        if name.startswith(PREFIX):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def test_the_defaults_are_those_of_the_contract():
    settings = load_settings()
    assert settings.source == "auto"
    assert settings.feed_period_seconds == 180
    assert settings.refresh_seconds == 60
    assert settings.data_dir == Path("data")
    assert (settings.host, settings.port) == ("127.0.0.1", 8050)
    assert settings.debug is False
    assert settings.monitor_level == "3"
    assert settings.feed_url is None
    assert settings.dashboard_password is None


def test_the_environment_wins_over_the_env_file(monkeypatch, tmp_path):
    (tmp_path / ".env").write_text("TRAFFIC_PORT=9000\nTRAFFIC_SOURCE=demo\n")
    monkeypatch.setenv("TRAFFIC_PORT", "9001")
    settings = load_settings()
    assert (settings.port, settings.source) == (9001, "demo")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "abc"),
        ("PORT", "0"),
        ("PORT", "70000"),
        ("SOURCE", "simulation"),
        ("FEED_URL", "file:///etc/passwd"),
        ("FEED_URL", "not an address"),
        ("FEED_PERIOD_SECONDS", "0"),
        ("REFRESH_SECONDS", "-1"),
        ("DEBUG", "perhaps"),
        ("LOG_LEVEL", "loud"),
        ("MONITOR_LEVEL", "7"),
        ("DASHBOARD_PASSWORD", "short"),
        ("SECRET_KEY", "short"),
        ("TILES_URL", "ftp://tiles/{z}/{x}/{y}"),
        ("TILES_URL", "https://tiles.example/"),
        ("ROADWORKS_URL", "travaux.geojson"),
        ("WEB_PROCESSES", "0"),
        ("NOTIFY_LANGUAGE", "tlh"),
        ("DASK_SCHEDULER", "10.0.0.5:8786"),
        ("DASK_SCHEDULER", "http://10.0.0.5:8786"),
        ("DASK_SCHEDULER", "tcp://10.0.0.5"),
    ],
)
def test_a_wrong_value_is_one_line_that_names_the_setting(monkeypatch, name, value):
    monkeypatch.setenv(PREFIX + name, value)
    with pytest.raises(ConfigurationError) as refusal:
        load_settings()
    message = str(refusal.value)
    assert message.startswith(PREFIX + name + ": ")
    assert "\n" not in message


def test_a_wrong_secret_is_never_repeated(monkeypatch):
    monkeypatch.setenv("TRAFFIC_SECRET_KEY", "tiny-secret")
    with pytest.raises(ConfigurationError) as refusal:
        load_settings()
    assert "tiny-secret" not in str(refusal.value)


@pytest.mark.parametrize(
    "address",
    [
        "tcp://me:tiny-secret@dask:8786",
        "tls://dask:8786?token=tiny-secret",
        "tcp://:tiny-secret",
        "tcp://tiny-secret dask:8786",
    ],
)
def test_the_address_of_a_scheduler_holds_no_secret(address):
    with pytest.raises(ConfigurationError) as refusal:
        load_settings(dask_scheduler=address)
    assert "tiny-secret" not in str(refusal.value)
    for good in ("tcp://10.0.0.5:8786", "tls://dask.example:8786", "tcp://[fd00::5]:8786"):
        assert load_settings(dask_scheduler=good).dask_scheduler == good


@pytest.mark.parametrize("name", ["database_url", "monitoring_database_url"])
@pytest.mark.parametrize(
    "address",
    [
        # The password where the port should be; with signs in it that end a password.
        "postgresql://me@host:tiny-secret/traffic",
        "postgresql://me:x@host:5432:tiny-secret/traffic",
        "postgresql://me:x@tiny-secret@host/traffic",
        "postgresql://me:x@tiny-secret/y@host/traffic",
        "postgresql://me:tiny-secret@host:70000/traffic",
        "postgresql://me:tiny-secret@host:0/traffic",
        "postgresql://me:tiny-secret@[::1/traffic",
        "postgresql://me:tiny-secret@host1:1,host2:2/traffic",
        "postgresql://me:tiny-secret@host/traffic\nanother line",
        "postgresql://me:x@host/traffic?prepare_threshold=0",
        "postgresql://me:x@host/traffic?tiny-secret=1",
        "mysql://me:tiny-secret@host/traffic",
        "me:tiny-secret@host",
    ],
)
def test_the_address_of_a_database_is_refused_without_repeating_it(name, address):
    with pytest.raises(ConfigurationError) as refusal:
        load_settings(**{name: address})
    message = str(refusal.value)
    assert message.startswith(f"{PREFIX}{name.upper()}: ")
    assert "\n" not in message
    assert not any(part in message for part in ("tiny-secret", "traffic", "host1", "another"))
    assert "installed" not in message


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://me:with%40sign@host:5432/traffic",
        "postgresql://me:x@[fd00::5]:5432/traffic?sslmode=require&connect_timeout=3",
        "postgresql://me@/traffic?host=a,b&port=1,2",
    ],
)
def test_an_address_of_a_database_may_have_what_postgresql_knows(address):
    assert load_settings(database_url=address).database_url.get_secret_value() == address


def test_secrets_do_not_show_when_settings_are_printed():
    settings = load_settings(dashboard_password="Good-velo-42-bleu", secret_key="k" * 32)
    assert "Good-velo-42-bleu" not in repr(settings)
    assert "kkkk" not in repr(settings)


def test_no_tiles_and_no_roadworks_are_a_choice(monkeypatch):
    assert load_settings().roadworks_url is None
    for name in ("TILES_URL", "ROADWORKS_URL"):
        monkeypatch.setenv(PREFIX + name, "none")
    settings = load_settings()
    assert (settings.tiles_url, settings.roadworks_url) == ("", "")


def test_every_setting_is_documented_with_its_default():
    readme = (Path(__file__).parents[3] / "README.md").read_text()
    documented = set(re.findall(r"`TRAFFIC_([A-Z_]+)`", readme))
    assert documented == {name.upper() for name in Settings.model_fields}


@pytest.mark.parametrize(
    ("name", "weak", "strong"),
    [
        ("dashboard_password", "motdepasse1", "correct horse battery"),
        ("dashboard_password", "aaaaaaaaaaaaaa", "Zebre-42-velo-bleu"),
        ("dashboard_password", "Motdepasse123!", "Zebre-42-velo-bleu"),
        ("secret_key", "0123456789abcdef" * 3, "9f2c71e08b5d4a6637c1e5f8a0b4d29c"),
        ("secret_key", "k" * 40, "un-tres-long-secret;rue de Vern;7"),
    ],
)
@pytest.mark.parametrize("exposed", [{"host": "0.0.0.0"}, {"trusted_proxies": 1}])
def test_a_weak_secret_is_refused_where_others_can_reach_it(name, weak, strong, exposed):
    assert getattr(load_settings(**{name: weak}), name).get_secret_value() == weak
    with pytest.raises(ConfigurationError) as refusal:
        load_settings(**exposed, **{name: weak})
    assert f"TRAFFIC_{name.upper()} is too weak" in str(refusal.value)
    assert weak not in str(refusal.value)
    assert getattr(load_settings(**exposed, **{name: strong}), name).get_secret_value() == strong


def test_a_secret_that_is_left_out_is_made_at_random():
    assert load_settings(host="0.0.0.0").dashboard_password is None


@pytest.mark.parametrize(
    ("host", "address", "url"),
    [
        ("127.0.0.1", "127.0.0.1:9001", "http://127.0.0.1:9001"),
        ("0.0.0.0", "0.0.0.0:9001", "http://localhost:9001"),
        ("::1", "[::1]:9001", "http://[::1]:9001"),
        ("[::1]", "[::1]:9001", "http://[::1]:9001"),
        ("::", "[::]:9001", "http://localhost:9001"),
        ("localhost", "localhost:9001", "http://localhost:9001"),
    ],
)
def test_host_and_port_make_one_address_that_the_server_and_people_understand(host, address, url):
    settings = load_settings(host=host, port=9001)
    assert (settings.address, settings.url) == (address, url)
    assert parse_address(settings.address) == (host.strip("[]"), 9001)
    # What the journal keeps of it, where addresses of people are hidden.
    assert without_personal_data(settings.url) == url
