"""Once a day: remove the objects that nothing names any more, find those that were lost."""

from __future__ import annotations

import logging
from collections.abc import Collection
from typing import Final

from services.replication.bucket import Bucket
from services.replication.parts import Part
from services.replication.transfer import in_parallel

log = logging.getLogger(__name__)

# For whoever reads by a head of a moment ago, or in place; and for an operator who wants one back.
KEPT_SECONDS: Final = 86_400.0
_NS: Final = 1_000_000_000


def sweep(bucket: Bucket, part: Part, named: Collection[str]) -> set[str]:
    """Remove what is not named and was written long before the head; returns what is there then.

    Both times are the storage's own: no clock of a machine is asked.

    Raises
    ------
    StorageError
    """
    latest_ns = bucket.written_ns(part.head) - int(KEPT_SECONDS * _NS)
    listed = {
        name: found for place in part.places for name, found in bucket.listed(f"{place}/").items()
    }
    old = [
        name for name, found in listed.items() if name not in named and found.written_ns < latest_ns
    ]
    in_parallel(bucket.delete, old)
    if old:
        log.info("%s: %d objects that nothing names were removed", part.name, len(old))
    return set(listed.keys() - set(old))
