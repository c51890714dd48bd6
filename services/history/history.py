"""The history of one source, as one machine has it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from services.history.networks import KnownNetworks
from services.traffic.snapshot import Source


@dataclass(frozen=True, eq=False)
class History:
    """The history of one source, as one machine has it.

    Attributes
    ----------
    data_dir : Path
    source : {"live", "archive", "demo"}
    networks : KnownNetworks
        With the reference speeds of the source.
    """

    data_dir: Path
    source: Source
    networks: KnownNetworks
