"""What the web role and the camera's process say to each other, as MessagePack.

A conversation is one connection to a socket in the data directory, or to another host
(:mod:`.remote`): the camera's process
says *admitted* or *busy*, and *your turn* when it comes; the web role hands over one picture,
and gets an answer or a refusal, or says that a picture is to come, and goes. Nothing of it is ever
written to a file.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal

import msgspec
from msgspec.msgpack import Decoder

from services.camera.classes import SegmentationClass
from services.camera.errors import PictureFault
from services.camera.limits import MAX_BYTES
from services.camera.reading import TrafficReading

SOCKET_NAME: Final = "camera.sock"
# A message beside the picture in it.
_ENVELOPE_BYTES: Final = 4_096
MAX_ORDER_BYTES: Final = MAX_BYTES + _ENVELOPE_BYTES

Fault = PictureFault | Literal["model", "failed"]
ModelState = Literal["cold", "loading", "ready", "reading"]
"""Whether the model takes its memory: not yet, about to, waiting for a picture, reading one."""


class Admitted(msgspec.Struct, frozen=True, tag=True):
    """There is a place in the queue: wait for your turn.

    Parameters
    ----------
    model : str
        How far the model is.
    """

    model: ModelState = "cold"


class Busy(msgspec.Struct, frozen=True, tag=True):
    """Every place is taken."""

    retry_after_s: int


class Turn(msgspec.Struct, frozen=True, tag=True):
    """Hand over the picture: it is read at once."""


class Order(msgspec.Struct, frozen=True, tag=True):
    """A picture to look at.

    Parameters
    ----------
    picture : bytes
        The file as it came.
    wants_picture : bool
        Whether the answer holds the picture too, as it was decoded.
    """

    picture: bytes
    wants_picture: bool = False


class Prepare(msgspec.Struct, frozen=True, tag=True):
    """A picture is to come: have the model loaded. Nothing is answered."""


class Answer(msgspec.Struct, frozen=True, tag=True):
    """What the model says.

    Parameters
    ----------
    width, height : int
        Of the picture, upright, and of the mask, in pixels.
    mask_png : bytes
        A PNG with a palette; its values are positions in ``classes``.
    shares : tuple of float
        Of the picture, in the order of the classes.
    took_ms : float
        From the file to the reading; the time to write the PNGs is left out.
    """

    width: int
    height: int
    mask_png: bytes
    picture_png: bytes | None
    classes: tuple[SegmentationClass, ...]
    shares: tuple[float, ...]
    reading: TrafficReading
    model_version: str
    took_ms: float


class Refusal(msgspec.Struct, frozen=True, tag=True):
    """Why there is no answer.

    Parameters
    ----------
    fault : str
        The picture's, or the model's.
    detail : str
        For people, one sentence.
    """

    fault: Fault
    detail: str


Greeting = Admitted | Busy
Reply = Answer | Refusal
Errand = Order | Prepare
Message = Greeting | Turn | Errand | Reply

# What is expected next; anything else raises msgspec.MsgspecError.
GREETING: Final[Decoder[Greeting]] = Decoder(Greeting)
TURN: Final = Decoder(Turn)
ERRAND: Final[Decoder[Errand]] = Decoder(Errand)
REPLY: Final[Decoder[Reply]] = Decoder(Reply)


def socket_path(data_dir: Path) -> Path:
    """Where the camera's process listens."""
    return data_dir / SOCKET_NAME


def encode(message: Message) -> bytes:
    """As it goes through the socket."""
    return msgspec.msgpack.encode(message)
