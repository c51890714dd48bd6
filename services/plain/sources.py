"""Where traffic comes from, by name."""

from __future__ import annotations

from typing import Final, Literal, get_args

Source = Literal["live", "archive", "demo"]
SOURCES: Final[tuple[Source, ...]] = get_args(Source)
