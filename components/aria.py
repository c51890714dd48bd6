"""Attributes for screen readers, which Python cannot spell as keyword arguments."""

from __future__ import annotations

from typing import Any


def aria(**attributes: str) -> dict[str, Any]:
    """ARIA attributes for a component, by their names without the prefix.

    Examples
    --------
    >>> aria(label="Fermer", pressed="true")
    {'aria-label': 'Fermer', 'aria-pressed': 'true'}
    """
    return {f"aria-{name}": value for name, value in attributes.items()}
