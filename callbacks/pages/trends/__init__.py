"""The page ``/tendances/``: what the archive knows, a view at a time, all of it in the address."""

from __future__ import annotations

from callbacks.pages.trends.page import register as register
