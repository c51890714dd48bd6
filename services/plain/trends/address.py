"""Where Tendances shows something: what messages lead to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

PATH: Final = "/tendances"


def trends_url(site_url: str, asked: Mapping[str, str]) -> str:
    """The page with some parts in its address.

    Parameters
    ----------
    site_url : str
        Where the site is, with or without a slash at its end.
    asked : mapping of str
        As ``callbacks.pages.trends`` reads them.

    Examples
    --------
    >>> trends_url("https://trafic.example/", {"vue": "courbe", "lieu": "zone:rocade"})
    'https://trafic.example/tendances/?vue=courbe&lieu=zone:rocade'
    """
    return f"{site_url.rstrip('/')}{PATH}/?{urlencode(asked, safe=':~')}"
