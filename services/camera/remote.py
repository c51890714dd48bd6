"""The camera's process on a host of its own: its address, and proof that both sides know the token.

The token itself never leaves either side: before anything else is said, each answers a challenge of
the other (HMAC-SHA-256 of two numbers used once). What follows is not encrypted.
"""

from __future__ import annotations

import hmac
import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Final
from urllib.parse import urlsplit

import msgspec
from msgspec.msgpack import Decoder

from services.base.cut_off import CutOff
from services.base.errors import FeedUnreachable
from services.base.local_socket import limit_stalls
from services.base.settings import Settings, host_and_port

# A millisecond's work, but for the way between two sites.
HANDSHAKE_SECONDS: Final = 5.0
# A side that lost its power says nothing any more: found out after half a minute.
_KEEPALIVE: Final = {
    socket.TCP_KEEPIDLE: 10,
    socket.TCP_KEEPINTVL: 5,
    socket.TCP_KEEPCNT: 4,
}
_NONCE_BYTES: Final = 32
_MAX_BYTES: Final = 256


class TokenRefused(Exception):
    """The other side has another token."""


class _Challenge(msgspec.Struct, frozen=True, tag=True):
    """Of the camera, as soon as somebody is there."""

    nonce: bytes


class _Proof(msgspec.Struct, frozen=True, tag=True):
    """Of the web role, with a challenge of its own."""

    nonce: bytes
    digest: bytes


class _Proven(msgspec.Struct, frozen=True, tag=True):
    """Of the camera, which knows the token too."""

    digest: bytes


class _Refused(msgspec.Struct, frozen=True, tag=True):
    """Of the camera, to whoever does not."""


_CHALLENGE: Final = Decoder(_Challenge)
_PROOF: Final = Decoder(_Proof)
_VERDICT: Final[Decoder[_Proven | _Refused]] = Decoder(_Proven | _Refused)


@dataclass(frozen=True)
class RemoteCamera:
    """Where the camera's process listens, or is found."""

    host: str
    port: int
    token: bytes = field(repr=False)

    def __str__(self) -> str:
        """For people."""
        return host_and_port(self.host, self.port)

    def digest(self, side: bytes, *nonces: bytes) -> bytes:
        """What only a side that knows the token can say to these."""
        return hmac.digest(self.token, side + b"".join(nonces), "sha256")


def remote_camera(settings: Settings) -> RemoteCamera | None:
    """The address that the settings name; None where the camera is on this machine."""
    if settings.camera_url is None or settings.camera_token is None:
        return None
    address = urlsplit(settings.camera_url)
    token = settings.camera_token.get_secret_value().encode()
    return RemoteCamera(str(address.hostname), int(address.port or 0), token)


def connected(camera: RemoteCamera, stall_seconds: float) -> Connection:
    """A connection to a camera's process, where both sides know the token.

    Raises
    ------
    OSError
    EOFError
    msgspec.MsgspecError
        When there is none, or it does not answer in time, or something else does.
    TokenRefused
    """
    cut_off = CutOff(HANDSHAKE_SECONDS)
    try:
        with cut_off.running():
            raw = cut_off.connected(
                lambda: socket.create_connection((camera.host, camera.port), stall_seconds)
            )
            with _closed_unless_done(_ready(raw, stall_seconds)) as connection:
                _prove(connection, camera)
    except FeedUnreachable as error:
        raise TimeoutError(str(error)) from None
    return connection


def check_token(connection: Connection, camera: RemoteCamera) -> None:
    """Let whoever is there prove that they know the token, within some seconds, and prove it.

    Raises
    ------
    OSError
    EOFError
    msgspec.MsgspecError
        When they are gone, take too long, or speak something else.
    TokenRefused
    """
    cut_off = CutOff(HANDSHAKE_SECONDS)
    with cut_off.running():
        duplicate = socket.socket(fileno=os.dup(connection.fileno()))
        with cut_off.connected(lambda: duplicate):
            _keep_alive(duplicate)
            nonce = secrets.token_bytes(_NONCE_BYTES)
            _send(connection, _Challenge(nonce))
            proof = _PROOF.decode(connection.recv_bytes(_MAX_BYTES))
            wanted = camera.digest(b"web", nonce, proof.nonce)
            if not hmac.compare_digest(proof.digest, wanted):
                _send(connection, _Refused())
                raise TokenRefused
            _send(connection, _Proven(camera.digest(b"camera", proof.nonce, nonce)))


def _prove(connection: Connection, camera: RemoteCamera) -> None:
    nonce = secrets.token_bytes(_NONCE_BYTES)
    challenge = _CHALLENGE.decode(connection.recv_bytes(_MAX_BYTES))
    _send(connection, _Proof(nonce, camera.digest(b"web", challenge.nonce, nonce)))
    verdict = _VERDICT.decode(connection.recv_bytes(_MAX_BYTES))
    wanted = camera.digest(b"camera", nonce, challenge.nonce)
    if isinstance(verdict, _Refused) or not hmac.compare_digest(verdict.digest, wanted):
        raise TokenRefused


def _send(connection: Connection, message: msgspec.Struct) -> None:
    connection.send_bytes(msgspec.msgpack.encode(message))


def _ready(raw: socket.socket, stall_seconds: float) -> Connection:
    """A socket for messages, which finds out that its other side is no more."""
    _keep_alive(raw)
    # A limit of the system's in place of Python's, which the messages would not know.
    raw.setblocking(True)
    limit_stalls(raw.fileno(), stall_seconds)
    return Connection(raw.detach())


def _keep_alive(raw: socket.socket) -> None:
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for option, value in _KEEPALIVE.items():
        raw.setsockopt(socket.IPPROTO_TCP, option, value)


@contextmanager
def _closed_unless_done(connection: Connection) -> Iterator[Connection]:
    try:
        yield connection
    except BaseException:
        connection.close()
        raise
