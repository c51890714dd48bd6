"""The operator's password and the key that signs sessions, kept in the data directory.

Both are made at first start, once however many processes start together, in files that only
their owner can read. Of a generated password only the hash is kept.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import re
import secrets
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import flask
from filelock import FileLock, Timeout
from werkzeug.security import check_password_hash, generate_password_hash

from services.base.errors import StorageError
from services.base.files import write_atomically
from services.base.settings import Settings

logger = logging.getLogger(__name__)

LOCK_TIMEOUT_SECONDS = 30.0

_SECRET_KEY = re.compile(r"[0-9a-f]{64}")
_PASSWORD_HASH = re.compile(r"[a-z0-9:]+\$[^$]+\$[0-9a-f]+")


def monitoring_dir(settings: Settings) -> Path:
    """The private directory of the monitoring: its secrets and its database."""
    return settings.data_dir / "monitoring"


def secret_key(settings: Settings) -> str:
    """The key that signs session cookies, the same in every process.

    It is the configured one, else 256 random bits made once and kept. When they cannot be kept
    (a read-only data directory), the key lasts as long as this process: sessions then do too.
    """
    try:
        return shared_secret_key(settings)
    except StorageError as error:
        logger.warning("the session key lasts for this process only: %s", error)
        return secrets.token_hex(32)


def shared_secret_key(settings: Settings) -> str:
    """The key that signs session cookies, as every process knows it.

    Raises
    ------
    StorageError
        When none is configured and none can be kept.
    """
    if settings.secret_key is not None:
        return settings.secret_key.get_secret_value()
    path = monitoring_dir(settings) / "secret_key"
    return _kept(path, _SECRET_KEY, lambda: secrets.token_hex(32))


def first_password(settings: Settings) -> str | None:
    """Make the operator's password if there is none; tell it to the one caller who made it.

    Returns
    -------
    str or None
        The new password, in clear, this once. None when one is configured or exists already.

    Raises
    ------
    StorageError
        When its hash cannot be kept.
    """
    if settings.dashboard_password is not None:
        return None
    made: list[str] = []

    def make_hash() -> str:
        made.append(secrets.token_urlsafe(15))
        return generate_password_hash(made[0])

    _kept(_hash_path(settings), _PASSWORD_HASH, make_hash)
    return made[0] if made else None


def announce_password(settings: Settings, password: str) -> None:
    """Show a new password in the terminal, and nowhere else: the journal has no secrets."""
    address = f"{settings.url}/exploitation/"
    lines = (
        f"For operators: {address}",
        f"  user name: {settings.dashboard_username}",
        f"  password:  {password}",
        "  Shown this once. To choose your own, set TRAFFIC_DASHBOARD_PASSWORD;",
        f"  to get a new one, delete {_hash_path(settings)} and start again.",
    )
    sys.stderr.write("\n" + "\n".join(lines) + "\n\n")
    sys.stderr.flush()


@dataclass(frozen=True)
class Operator:
    """The one person who may open the operators' pages.

    Parameters
    ----------
    username
        The configured name.
    matches
        Tells whether a password is the operator's.
    fingerprint
        Changes with the name, the password and the session key: a session that carries
        another one is over.
    """

    username: str
    matches: Callable[[str], bool]
    fingerprint: str

    def accepts(self, username: str, password: str) -> bool:
        """Whether name and password are right, in a time that tells neither apart."""
        password_matches = self.matches(password)
        return _same(username, self.username) and password_matches

    def is_signed_in(self) -> bool:
        """Whether the session of the request in progress is the operator's, and not yet over."""
        session = flask.session
        expires = session.get("expires")
        return (
            session.get("operator") == self.fingerprint
            and isinstance(expires, int)
            and time.time() < expires
        )


def load_operator(settings: Settings, session_key: str) -> Operator:
    """The operator, from the settings or from the kept hash (see `first_password`).

    Raises
    ------
    StorageError
        When no password is configured and the hash cannot be read.
    """
    username = settings.dashboard_username
    if settings.dashboard_password is not None:
        configured = settings.dashboard_password.get_secret_value()
        fingerprint = _fingerprint(session_key, username, configured)
        return Operator(username, partial(_same, configured), fingerprint)
    kept_hash = _read(_hash_path(settings))
    if kept_hash is None:
        raise StorageError(f"no password is kept in {_hash_path(settings)}")
    fingerprint = _fingerprint(session_key, username, kept_hash)
    return Operator(username, partial(check_password_hash, kept_hash), fingerprint)


def _hash_path(settings: Settings) -> Path:
    return monitoring_dir(settings) / "operator_password_hash"


def _same(left: str, right: str) -> bool:
    return hmac.compare_digest(left.encode(), right.encode())


def _fingerprint(session_key: str, username: str, proof: str) -> str:
    message = f"{username}\0{proof}".encode()
    return hmac.new(session_key.encode(), message, hashlib.sha256).hexdigest()


def _kept(path: Path, pattern: re.Pattern[str], make: Callable[[], str]) -> str:
    """Read a secret; make it first if it is missing, empty or not what it should be."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with FileLock(path.with_suffix(".lock"), timeout=LOCK_TIMEOUT_SECONDS):
            found = _read(path)
            if found is not None and pattern.fullmatch(found):
                _close_to_others(path)
                return found
            if found is not None:
                logger.warning("%s was damaged: it is made anew", path)
            value = make()
            write_atomically(path, f"{value}\n".encode(), mode=0o600)
            return value
    except (OSError, Timeout) as error:
        raise StorageError(f"cannot keep {path}: {error}") from error


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="ascii", errors="replace").strip()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StorageError(f"cannot read {path}: {error.strerror}") from error


def _close_to_others(path: Path) -> None:
    if path.stat().st_mode & 0o077:
        path.chmod(0o600)
