"""How much of a picture is taken in; known to pages, which decode none."""

from __future__ import annotations

from typing import Final

# A telephone's JPEG has 2 to 8 MB.
MAX_BYTES: Final = 12 * 1024 * 1024
# 6000 × 4000 fits. Decoding takes for a moment, whatever the mode and depth, 200 MB, a progressive
# JPEG 300 MB, a WebP 400 MB, a PNG with as much text in it as Pillow takes in 440 MB.
MAX_PIXELS: Final = 25_000_000
# Programs write a progressive JPEG in 6 to 10 scans; each goes over every block once more.
MAX_SCANS: Final = 100
# Of a JPEG, up to its last scan: a photograph has some twenty.
MAX_SEGMENTS: Final = 1_000
# Of a processor: 24 megapixels in 10 scans take 0.3 s.
DECODE_SECONDS: Final = 3.0
