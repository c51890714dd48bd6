"""How the places that rules name fare now, as the worker wrote it."""

from __future__ import annotations

from pathlib import Path

import msgspec

from services.base.errors import StorageError
from services.base.files import read_if_present, stamp_of
from services.base.watched import Watched
from services.plain.places_now import FILE, PlacesNow


def watched_places(data_dir: Path) -> Watched[PlacesNow]:
    """What the worker told last, read again when it has changed."""
    path = data_dir / FILE
    return Watched("the places of the rules", lambda: stamp_of(path), lambda _last: _read(path))


def _read(path: Path) -> PlacesNow | None:
    document = read_if_present(path)
    if document is None:
        return None
    try:
        found = msgspec.json.decode(document, type=PlacesNow)
        if found.observed.tzinfo is None:
            raise ValueError("a time without zone")
    # What is nested without end is a RecursionError.
    except (ValueError, RecursionError) as error:
        raise StorageError(f"{FILE}: {error}") from error
    return found
