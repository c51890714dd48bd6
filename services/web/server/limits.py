"""What one visitor may take of time and memory, however slowly they send or read."""

from __future__ import annotations

from typing import Final

from services.camera.limits import MAX_BYTES

# Threads of a process that may wait for the camera: two processes of three fill its queue.
CAMERA_THREADS: Final = 3
# And for the source of tiles: a browser asks for six at once.
TILE_THREADS: Final = 6
# And for answers of the archive, a quarter of a second each.
TRENDS_THREADS: Final = 2
# Some are always there for pages.
PAGE_THREADS: Final = 2
THREADS: Final = CAMERA_THREADS + TILE_THREADS + TRENDS_THREADS + PAGE_THREADS

# From the first byte of a request, or from the connection, to the end of its headers.
HEADER_SECONDS: Final = 10.0
# For a body: these, and one more for each so many bytes that came (a poor mobile connection).
BODY_SECONDS: Final = 15.0
MIN_BYTES_PER_SECOND: Final = 20_000
# An answer is sent by the slice; each has so long, so that the whole has a time in its proportion.
SLICE_BYTES: Final = 65_536
SLICE_SECONDS: Final = 10.0
# Until an answer begins, for whoever has ended their side: pages take less, and whoever has left
# ends it likewise.
LISTENING_SECONDS: Final = 2.0
# A browser's next refresh finds its connection open.
IDLE_SECONDS: Final = 75

# Everything of a request that is not its body: request line, headers, what frames the pieces.
MAX_HEADER_BYTES: Final = 65_536
# The largest body that a page sends is a callback's, of some kilobytes.
MAX_BODY_BYTES: Final = 1_048_576
# A form has a name and a password, or a comment of 2,000 characters.
MAX_FORM_BYTES: Final = 65_536
# Base64 makes four bytes of three; the rest is around the picture.
MAX_PICTURE_BODY_BYTES: Final = MAX_BYTES * 4 // 3 + MAX_FORM_BYTES
# Where a picture may be handed in; of callbacks, only one takes it.
PICTURE_PATHS: Final = frozenset({"/api/v1/segmentation", "/_dash-update-component"})
# Bodies up to the first are always read; all larger ones of a process share the second.
SMALL_BODY_BYTES: Final = 65_536
MAX_LARGE_BODIES_BYTES: Final = 67_108_864
# Of a process; beyond, the one that has been without a whole request longest is closed.
MAX_CONNECTIONS: Final = 2_000
# Sent before the one before was answered, which no browser does: each takes some kilobytes.
MAX_WAITING_REQUESTS: Final = 4
# Files that a process has open besides its connections: databases, metrics, tiles, libraries.
OTHER_FILES: Final = 256


def max_body_bytes(path: str) -> int:
    """The largest body that is read at a path."""
    return MAX_PICTURE_BODY_BYTES if path in PICTURE_PATHS else MAX_BODY_BYTES
