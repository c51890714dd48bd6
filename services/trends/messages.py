"""What pages and the process that answers say to each other, and that one and its children.

As MessagePack. A conversation with a page is one connection to a socket in the data directory: one
question, one reply within a second. That with a child is a pipe: its orders, and how they go.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Final

import msgspec
from msgspec.msgpack import Decoder

from services.plain.sources import Source
from services.plain.trends.asking import Busy, Failed, Queued, Running

SOCKET_NAME: Final = "trends.sock"
# A question has a place and some days.
MAX_QUESTION_BYTES: Final = 65_536
# A year of a corridor by quarters of an hour, as numbers of nine bytes, and as much again.
MAX_ANSWER_BYTES: Final = 33_554_432
MAX_REPLY_BYTES: Final = MAX_ANSWER_BYTES + 4_096


class Question(msgspec.Struct, frozen=True):
    """What is asked, by whatever makes the answer another one but what is written meanwhile.

    Parameters
    ----------
    view : str
        Its name.
    query : bytes
        The question as the view knows it.
    source : {"live", "archive", "demo"}
        Whose history is asked.
    network : str
        The version of the network that is shown.
    """

    view: str
    query: bytes
    source: Source
    network: str = ""


class Ask(msgspec.Struct, frozen=True, tag=True):
    """A page asks.

    Parameters
    ----------
    days : tuple of date, optional
        The first and the last local day that the answer depends on; None: on any.
    wait_s : float
        How long an answer is waited for.
    asker : str
        Tells pages apart.
    """

    question: Question
    days: tuple[date, date] | None = None
    wait_s: float = 0.0
    asker: str = ""


class Stop(msgspec.Struct, frozen=True, tag=True):
    """A page wants no answer any more. Nothing is answered."""

    question: Question
    asker: str = ""


class Answered(msgspec.Struct, frozen=True, tag=True):
    """The view's answer, encoded."""

    answer: bytes


class Ready(msgspec.Struct, frozen=True, tag=True):
    """The child has imported what it needs."""


class Order(msgspec.Struct, frozen=True, tag=True):
    """The child is to answer."""

    question: Question


class Halt(msgspec.Struct, frozen=True, tag=True):
    """The child is to give up what it is at."""


class Broken(msgspec.Struct, frozen=True, tag=True):
    """The view raised what it should not; how, for the journal."""

    trace: str


Reply = Answered | Running | Queued | Busy | Failed
Sign = Ready | Running | Answered | Failed | Broken

# What is expected next; anything else raises msgspec.MsgspecError.
ASKED: Final[Decoder[Ask | Stop]] = Decoder(Ask | Stop)
REPLY: Final[Decoder[Reply]] = Decoder(Reply)
TOLD: Final[Decoder[Order | Halt]] = Decoder(Order | Halt)
SIGN: Final[Decoder[Sign]] = Decoder(Sign)


def socket_path(data_dir: Path) -> Path:
    """Where the process that answers listens."""
    return data_dir / SOCKET_NAME


def encode(message: msgspec.Struct) -> bytes:
    """As it is sent."""
    return msgspec.msgpack.encode(message)
