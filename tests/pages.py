"""The pages that an application has, so that a new one is tested like all others."""

from __future__ import annotations

from flask import Flask

_LAYOUT = "/_dash-layout"


def page_paths(server: Flask) -> list[str]:
    """Path of every page without a slash at its end, the first page's being empty."""
    rules = [rule.rule for rule in server.url_map.iter_rules()]
    return [rule.removesuffix(_LAYOUT) for rule in rules if rule.endswith(_LAYOUT)]
