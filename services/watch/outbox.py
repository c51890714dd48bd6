"""Telling people: messages wait in the operations database until their channel has taken them.

Apprise (https://github.com/caronc/apprise) knows the channels. A channel that
fails is journalled and tried again, ever less often; nothing here is ever run by
a process that serves pages.
"""

from __future__ import annotations

import hashlib
import logging
import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from apprise import Apprise, NotifyFormat
from sqlalchemy import delete, select

from services.base.errors import ConfigurationError, StorageError
from services.operations.database import Operations
from services.operations.rows import read_entities
from services.operations.tables import OutgoingMessage, ReportMailing
from services.watch.messages import Message

log = logging.getLogger(__name__)

FIRST_RETRY: Final = timedelta(seconds=30)
LONGEST_RETRY: Final = timedelta(hours=1)
# An alarm of three days ago is no news.
GIVEN_UP_AFTER: Final = timedelta(days=3)

Send = Callable[[str, Message], bool]
"""Sends a message to an address; whether it was taken."""


class Outbox:
    """Messages for some channels. One thread may add while another one delivers.

    Parameters
    ----------
    operations : Operations
        Where they wait; in memory while it cannot be written.
    urls : sequence of str
        The channels' addresses, as Apprise spells them.
    host : str
        Whose messages these are, where those of several hosts wait in one database.
    """

    def __init__(
        self, operations: Operations, urls: Sequence[str], send: Send, host: str = ""
    ) -> None:
        self._operations = operations
        self._channels: Mapping[str, str] = {channel_mark(url): url for url in urls}
        self._send = send
        self._host = host
        self._lock = threading.Lock()
        self._unsaved: dict[str, OutgoingMessage] = {}
        # Taken by their channel, and when, or given up, and not yet crossed off: they must not go
        # out again.
        self._delivered: dict[str, datetime | None] = {}
        self._unreadable = ""

    def add(self, message: Message, now: datetime) -> None:
        """Leave a message for every channel."""
        self.keep(self.for_channels(message, now))
        self._save()

    def for_channels(
        self, message: Message, now: datetime, urls: Sequence[str] | None = None
    ) -> list[OutgoingMessage]:
        """A message for channels, to be written down: what is delivered is what is written.

        Parameters
        ----------
        urls : sequence of str, optional
            Those of the outbox that it is for; all by default.
        """
        channels = self._channels if urls is None else dict.fromkeys(map(channel_mark, urls))
        return [
            outgoing(uuid.uuid4().hex, channel, message, now, self._host) for channel in channels
        ]

    def keep(self, messages: Sequence[OutgoingMessage]) -> None:
        """Hold messages that could not be written down; they are delivered all the same."""
        for message in messages:
            self._keep(message)

    def deliver(self, now: datetime) -> int:
        """Send what is due; returns how many messages were taken."""
        taken = 0
        for waiting in self._due(now):
            url = self._channels.get(waiting.channel)
            message = Message(waiting.title, waiting.body, waiting.html)
            delivered = url is not None and self._send(url, message)
            taken += delivered
            if delivered or url is None or now - waiting.created_at > GIVEN_UP_AFTER:
                if not delivered:
                    log.error("a notification is given up: %s", waiting.title)
                self._remove(waiting, now if delivered else None)
            else:
                self._put_off(waiting, now)
        return taken

    def _due(self, now: datetime) -> list[OutgoingMessage]:
        self._save()
        self._cross_off()
        with self._lock:
            unsaved = [message for message in self._unsaved.values() if message.due_at <= now]
        try:
            with self._operations.begin() as session:
                query = select(OutgoingMessage).where(
                    OutgoingMessage.due_at <= now, OutgoingMessage.host == self._host
                )
                kept = read_entities(session, query.order_by(OutgoingMessage.created_at))
        except StorageError as error:
            # Asked for again and again: told once.
            if str(error) != self._unreadable:
                log.error("waiting notifications cannot be read: %s", error)
            self._unreadable = str(error)
            return unsaved
        if self._unreadable:
            log.info("waiting notifications can be read again")
            self._unreadable = ""
        with self._lock:
            # Of those that could not be written since, memory knows better.
            known = {*self._unsaved, *self._delivered}
        return [*unsaved, *(message for message in kept if message.id not in known)]

    def _put_off(self, message: OutgoingMessage, now: datetime) -> None:
        message.attempts += 1
        message.due_at = now + min(FIRST_RETRY * 2 ** (message.attempts - 1), LONGEST_RETRY)
        log.error(
            "a notification was not taken by channel %s, attempt %d; again at %s",
            message.channel,
            message.attempts,
            message.due_at.isoformat(timespec="seconds"),
        )
        self._keep(message)
        self._save()

    def _keep(self, message: OutgoingMessage) -> None:
        with self._lock:
            self._unsaved[message.id] = message

    def _remove(self, message: OutgoingMessage, taken_at: datetime | None) -> None:
        with self._lock:
            # It may also be in the database, from before the database refused.
            self._unsaved.pop(message.id, None)
            self._delivered[message.id] = taken_at
        self._cross_off()

    def _cross_off(self) -> None:
        with self._lock:
            gone = dict(self._delivered)
        if not gone:
            return
        try:
            with self._operations.begin() as session:
                session.execute(delete(OutgoingMessage).where(OutgoingMessage.id.in_(gone)))
                for mailing in session.scalars(
                    select(ReportMailing).where(ReportMailing.id.in_(gone))
                ):
                    mailing.taken_at = gone[mailing.id]
        except StorageError as error:
            log.error("notifications that were sent cannot be crossed off yet: %s", error)
            return
        with self._lock:
            for name in gone:
                self._delivered.pop(name, None)

    def _save(self) -> None:
        with self._lock:
            waiting = list(self._unsaved.values())
        if not waiting:
            return
        try:
            with self._operations.begin() as session:
                for message in waiting:
                    session.merge(message)
        except StorageError as error:
            log.error("notifications wait in memory only: %s", error)
            return
        with self._lock:
            for message in waiting:
                self._unsaved.pop(message.id, None)


def outgoing(
    name: str, channel: str, message: Message, now: datetime, host: str
) -> OutgoingMessage:
    """A message for one channel as it waits; ``name`` tells it from all others."""
    return OutgoingMessage(
        id=name,
        channel=channel,
        title=message.title,
        body=message.body,
        created_at=now,
        due_at=now,
        host=host,
        html=message.html,
    )


def send_by_apprise(url: str, message: Message) -> bool:
    """Send a message; whether the channel took it. Apprise bounds the time itself."""
    channels = Apprise()
    channels.add(url)
    # Mail shows HTML, and has Apprise add the plain text of it.
    is_html = bool(message.html) and any(
        channel.resolve_format() == NotifyFormat.HTML for channel in channels
    )
    form = NotifyFormat.HTML if is_html else None
    body = message.html if is_html else message.body
    try:
        return bool(channels.notify(title=message.title, body=body, body_format=form))
    # Channels are other people's code: none may end the watch.
    except Exception as error:
        log.error("channel %s failed: %s", channel_mark(url), type(error).__name__)
        return False


def checked_channels(urls: str) -> list[str]:
    """The addresses in a setting, with spaces between.

    Raises
    ------
    ConfigurationError
        When one is none that Apprise knows; it is not told which, for it may hold a password.
    """
    found = urls.split()
    for place, url in enumerate(found, 1):
        if not Apprise().add(url):
            raise ConfigurationError(
                f"TRAFFIC_NOTIFY_URLS: address {place} of {len(found)} is none that Apprise knows"
            )
    return found


def channel_mark(url: str) -> str:
    """A short name of an address, which tells nothing of it."""
    return hashlib.sha256(url.encode()).hexdigest()[:8]
