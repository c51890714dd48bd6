"""How much of a picture is taken in; known to pages, which decode none."""

from __future__ import annotations

from typing import Final

# A telephone's JPEG has 2 to 8 MB.
MAX_BYTES: Final = 12 * 1024 * 1024
# 6000 × 4000 fits; decoding it takes some 200 MB for a moment.
MAX_PIXELS: Final = 25_000_000
