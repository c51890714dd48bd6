"""Attributes that Python cannot spell as keyword arguments: for screen readers, and for scripts."""

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


def data(**attributes: object) -> dict[str, Any]:
    """Attributes that scripts read, by their names without the prefix.

    Examples
    --------
    >>> data(hour=8)
    {'data-hour': '8'}
    """
    return {f"data-{name}": str(value) for name, value in attributes.items()}
