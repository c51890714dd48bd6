"""The session key and the operator's password: made once, kept private, never shown again."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from services.base.errors import StorageError
from services.web.access.credentials import (
    announce_password,
    first_password,
    load_operator,
    secret_key,
)
from tests.services.web.monitoring.app import PASSWORD, USERNAME, settings_in


def kept(data_dir: Path, name: str) -> Path:
    return data_dir / "monitoring" / name


def is_private(path: Path) -> bool:
    return stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_configured_key_is_used_and_not_written(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, secret_key="k" * 40)
    assert secret_key(settings) == "k" * 40
    assert list(tmp_path.iterdir()) == []


def test_a_key_is_made_once_and_kept_for_its_owner(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    key = secret_key(settings)
    assert len(key) == 64
    assert secret_key(settings) == key
    assert is_private(kept(tmp_path, "secret_key"))
    assert secret_key(settings_in(tmp_path / "elsewhere")) != key


@pytest.mark.parametrize("content", [b"", b"short", b"\xff\x00" * 40, b"my-secret-key\n"])
def test_a_damaged_key_is_replaced_for_good(
    tmp_path: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    settings = settings_in(tmp_path)
    secret_key(settings)
    kept(tmp_path, "secret_key").write_bytes(content)
    key = secret_key(settings)
    assert len(key) == 64
    assert secret_key(settings) == key
    assert "secret_key was damaged" in caplog.text
    assert key not in caplog.text


def test_a_key_that_others_can_read_is_closed_to_them(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    key = secret_key(settings)
    kept(tmp_path, "secret_key").chmod(0o644)
    assert secret_key(settings) == key
    assert is_private(kept(tmp_path, "secret_key"))


def test_processes_that_start_together_share_the_key(tmp_path: Path) -> None:
    script = (
        "import sys, pathlib\n"
        "from services.web.access.credentials import secret_key\n"
        "from services.base.settings import load_settings\n"
        "sys.stdin.readline()\n"
        "data_dir = pathlib.Path(sys.argv[1])\n"
        "print(secret_key(load_settings(data_dir=data_dir, _env_file=None)))\n"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(tmp_path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    keys = {process.communicate(timeout=60)[0].strip() for process in processes}
    assert len(keys) == 1
    assert len(keys.pop()) == 64


def test_without_a_place_to_keep_it_the_key_lasts_for_the_process(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "monitoring").write_text("a file where the directory should be")
    assert len(secret_key(settings_in(tmp_path))) == 64
    assert "lasts for this process only" in caplog.text


def test_a_password_is_made_once_and_only_its_hash_is_kept(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, dashboard_password=None)
    password = first_password(settings)
    assert password is not None
    assert len(password) >= 20
    assert first_password(settings) is None
    path = kept(tmp_path, "operator_password_hash")
    assert is_private(path)
    assert password not in path.read_text()
    operator = load_operator(settings, "key")
    assert operator.accepts(USERNAME, password)
    assert not operator.accepts(USERNAME, password + "x")
    assert not operator.accepts("admin", password)


def test_no_password_is_made_when_one_is_configured(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    assert first_password(settings) is None
    assert load_operator(settings, "key").accepts(USERNAME, PASSWORD)


def test_a_damaged_hash_gives_a_new_password(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, dashboard_password=None)
    old = first_password(settings)
    kept(tmp_path, "operator_password_hash").write_text("")
    new = first_password(settings)
    assert new is not None
    operator = load_operator(settings, "key")
    assert operator.accepts(USERNAME, new)
    assert old is not None
    assert not operator.accepts(USERNAME, old)


def test_a_hash_that_cannot_be_kept_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "monitoring").write_text("a file where the directory should be")
    with pytest.raises(StorageError, match="operator_password_hash"):
        first_password(settings_in(tmp_path, dashboard_password=None))


@pytest.mark.parametrize(
    "change",
    [{"dashboard_password": "another password"}, {"dashboard_username": "someone"}],
)
def test_a_new_name_or_password_ends_the_sessions(tmp_path: Path, change: dict[str, str]) -> None:
    before = load_operator(settings_in(tmp_path), "key").fingerprint
    assert load_operator(settings_in(tmp_path), "key").fingerprint == before
    assert load_operator(settings_in(tmp_path, **change), "key").fingerprint != before
    assert load_operator(settings_in(tmp_path), "another key").fingerprint != before


def test_a_new_password_is_shown_in_the_terminal_and_not_in_the_journal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    announce_password(settings_in(tmp_path, port=8123), "the new password")
    shown = capsys.readouterr().err
    assert "the new password" in shown
    assert USERNAME in shown
    assert "http://127.0.0.1:8123/exploitation/" in shown
    assert "the new password" not in caplog.text
