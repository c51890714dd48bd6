"""The city that this installation is of, as its data directory and its models are: chosen here."""

from __future__ import annotations

from typing import Final

from services.city.city import City
from services.city.rennes import RENNES

CITY: Final[City] = RENNES
