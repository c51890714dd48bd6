"""``/exploitation/modeles``: which versions of the models there are, and what was decided."""

from __future__ import annotations

import logging
from typing import Final

from dash import Dash

from callbacks.pages.quality import known_models
from callbacks.pages.subpage import Pages, add_operators_text
from components.models import DecisionRow, ModelsShown, build_models_page
from components.subpage import Subpage
from services.base.errors import StorageError
from services.base.texts import Texts, formats
from services.forecast.champions import SHIPPED_ARTIFACTS
from services.learn.models_in_use import known_versions
from services.learn.summary import QualityRecord
from services.operations.database import NothingRecorded
from services.operations.decisions import latest_decisions
from services.operations.tables import KINDS, Decision
from services.roles.assembly import Services

log = logging.getLogger(__name__)

NAME: Final = "modeles"
DECISIONS_SHOWN: Final = 50


def register(pages: Pages, services: Services, room: Dash) -> None:
    """Add the page to the operators' area."""

    def layout(texts: Texts) -> Subpage:
        decisions = _decisions(services)
        data_dir = services.settings.data_dir
        return build_models_page(
            texts,
            ModelsShown(
                known=known_models(services, _record(services)),
                versions=[
                    version
                    for kind in KINDS
                    for version in known_versions(kind, data_dir, SHIPPED_ARTIFACTS)
                ],
                decisions=None
                if decisions is None
                else [_row(item, services, texts) for item in decisions],
            ),
        )

    add_operators_text(pages, room, NAME, "models", layout)


def _record(services: Services) -> QualityRecord | None:
    try:
        return services.quality.record(services.shown_source())
    except StorageError:
        # Journalled when it was read.
        return None


def _decisions(services: Services) -> list[Decision] | None:
    """The newest first; None when they cannot be read."""
    try:
        with services.operations.reading.begin() as session:
            return latest_decisions(session, limit=DECISIONS_SHOWN)
    except NothingRecorded:
        return []
    except StorageError as error:
        log.error("decisions about models cannot be read: %s", error)
        return None


def _row(item: Decision, services: Services, texts: Texts) -> DecisionRow:
    return DecisionRow(
        at=formats(texts).moment(services.city.local(item.decided_at)),
        kind=item.kind,
        version=item.version,
        action=item.action,
        reason=item.reason,
        decided_by=item.decided_by,
    )
