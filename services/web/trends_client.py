"""The web role's side: ask the archive's process how a question stands, never for long."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from services.base.local_socket import connected_at, limit_stalls
from services.base.settings import Settings
from services.plain.sources import Source
from services.plain.trends.asking import Away, Done, Failed, Outcome, Query, answer_type, view_of
from services.trends.messages import (
    MAX_QUESTION_BYTES,
    MAX_REPLY_BYTES,
    REPLY,
    Answered,
    Ask,
    Question,
    Stop,
    encode,
    socket_path,
)
from services.web.latest import LatestTraffic
from services.web.server.limits import TRENDS_THREADS

log = logging.getLogger(__name__)

Answer = TypeVar("Answer", bound=msgspec.Struct)

# A process that was stopped lets nobody in once its backlog is full, and answers nobody.
_CONNECT_STALL_SECONDS: Final = 0.25
_REPLY_STALL_SECONDS: Final = 0.5
# Where it did not answer, nobody waits for it for so long.
_AWAY_SECONDS: Final = 2.0
WAIT_SECONDS: Final = 0.25


@dataclass(frozen=True)
class Shown:
    """What the pages show: whose history is asked, and on which network.

    Attributes
    ----------
    network : str
        Its version; empty before there is one.
    """

    source: Source
    network: str = ""


class TrendsClient:
    """Asks the archive's process. Safe to share between threads.

    Parameters
    ----------
    data_dir : Path
        Where its socket is.
    shown : callable
        Gives what is shown now.
    is_expected : bool
        Whether such a process is meant to run at all.
    """

    def __init__(
        self, data_dir: Path, shown: Callable[[], Shown], *, is_expected: bool = True
    ) -> None:
        self._address = socket_path(data_dir)
        self._shown = shown
        self._is_expected = is_expected
        self._may_wait = threading.BoundedSemaphore(TRENDS_THREADS)
        self._looking = threading.Lock()
        self._away_until_s = 0.0

    def ask(
        self, query: Query[Answer], wait_s: float = WAIT_SECONDS, asker: str = ""
    ) -> Outcome[Answer]:
        """How a question stands: its answer, or what to wait for.

        Whoever is told that it is running or queued asks again, once a second; after ten seconds in
        which nobody did, the question is given up. A thread is held for a second at the most.

        Parameters
        ----------
        query : Query
        wait_s : float
            How long an answer is waited for that is not there at once; where others wait
            already, for no moment.
        asker : str
            Tells one page from others that ask the same, so that its :meth:`stop` is its own.
        """
        if not self._is_expected or not self._may_ask():
            return Away()
        may_wait = self._may_wait.acquire(blocking=False)
        try:
            outcome = self._asked(query, wait_s if may_wait else 0.0, asker)
        except (OSError, EOFError, msgspec.MsgspecError) as error:
            log.error("the archive did not answer: %s", str(error) or type(error).__name__)
            if isinstance(error, OSError):
                self._away_until_s = time.monotonic() + _AWAY_SECONDS
            return Away()
        else:
            self._away_until_s = 0.0
            return outcome
        finally:
            if may_wait:
                self._may_wait.release()

    def _may_ask(self) -> bool:
        """Whether to ask: where nobody answered, one thread at a time looks who is back."""
        with self._looking:
            now_s = time.monotonic()
            if now_s < self._away_until_s:
                return False
            if self._away_until_s:
                self._away_until_s = now_s + _AWAY_SECONDS
            return True

    def stop(self, query: Query[Any], asker: str = "") -> None:
        """An asker wants no answer any more; where nobody else does, it is given up."""
        if not self._is_expected or time.monotonic() < self._away_until_s:
            return
        try:
            with closing(connected_at(self._address, _CONNECT_STALL_SECONDS)) as connection:
                connection.send_bytes(encode(Stop(self._question(query), asker)))
        except OSError as error:
            log.info("the archive was not told to stop: %s", error)

    def _asked(self, query: Query[Answer], wait_s: float, asker: str) -> Outcome[Answer]:
        ask = encode(Ask(self._question(query), query.days(), wait_s, asker))
        if len(ask) > MAX_QUESTION_BYTES:
            # Sent, it would be cut off, which looks as if nobody were there.
            return Failed("refused", f"a question of {len(ask):,} bytes")
        with closing(connected_at(self._address, _CONNECT_STALL_SECONDS)) as connection:
            connection.send_bytes(ask)
            limit_stalls(connection.fileno(), wait_s + _REPLY_STALL_SECONDS)
            reply = REPLY.decode(connection.recv_bytes(MAX_REPLY_BYTES))
        if not isinstance(reply, Answered):
            return reply
        try:
            return Done(msgspec.msgpack.decode(reply.answer, type=answer_type(type(query))))
        except msgspec.MsgspecError as error:
            log.error("an answer of view %s cannot be read: %s", view_of(type(query)), error)
            return Failed("failed", f"the answer cannot be read: {error}")

    def _question(self, query: Query[Any]) -> Question:
        shown = self._shown()
        document = msgspec.msgpack.encode(query, order="deterministic")
        return Question(view_of(type(query)), document, shown.source, shown.network)


def shown_now(settings: Settings, traffic: LatestTraffic) -> Shown:
    """Whose history is asked, and on which network."""
    view = traffic.view()
    if view is None:
        return Shown("demo" if settings.source == "demo" else "live")
    return Shown(view.snapshot.source, view.snapshot.network_version)
