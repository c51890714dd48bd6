"""Reading the one object of a part that changes."""

from __future__ import annotations

from services.base.errors import StorageError
from services.replication.bucket import Bucket
from services.replication.manifest import Head, Origin, decode_head
from services.replication.parts import Part


class NotThisCity(StorageError):
    """The bucket holds the files of another city, or of another layout."""


def read_head(
    bucket: Bucket, part: Part, origin: Origin, tag: str | None = None
) -> tuple[str, Head] | None:
    """The head of a part and its tag; None where the tag is the one known.

    Raises
    ------
    ObjectMissing
        Where nothing was published yet.
    NotThisCity
    StorageError
        When it cannot be had, or is damaged.
    """
    news = bucket.get_if_changed(part.head, tag)
    if news is None:
        return None
    try:
        head = decode_head(news[1], part)
    except StorageError:
        # Its size is asked for first, then as many bytes: it was replaced in between.
        news = bucket.get_if_changed(part.head, None) or news
        head = decode_head(news[1], part)
    if head.origin != origin:
        raise NotThisCity(
            f"the bucket holds {head.origin.city} in layout {head.origin.layout}, this is "
            f"{origin.city} in layout {origin.layout}: choose another prefix"
        )
    return news[0], head
