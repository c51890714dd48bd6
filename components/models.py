"""The operators' page of the models: every version, what was decided, and how to decide oneself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from dash import html

from components.quality import KnownModel, build_models, told_learned
from components.subpage import Subpage, build_card, build_table
from services.base.texts import Texts
from services.plain.quality import ModelInUse

# As they are typed on the machine, in every language.
COMMANDS: Final = (
    ("list", "python -m models.registry list"),
    ("promote", "python -m models.registry promote {version} --kind {kind}"),
    ("roll_back", "python -m models.registry rollback --kind {kind}"),
)


@dataclass(frozen=True)
class DecisionRow:
    """A decision about a model: codes, and its moment in words."""

    at: str
    kind: str
    version: str | None
    action: str
    reason: str
    decided_by: str


@dataclass(frozen=True)
class ModelsShown:
    """All that the page shows.

    Attributes
    ----------
    known : sequence of KnownModel
        Every kind, with the model in use.
    versions : sequence of ModelInUse
        Of every kind, the newest of a kind first.
    decisions : sequence of DecisionRow or None
        The newest first; None where they cannot be read.
    """

    known: Sequence[KnownModel]
    versions: Sequence[ModelInUse]
    decisions: Sequence[DecisionRow] | None


def build_models_page(texts: Texts, shown: ModelsShown) -> Subpage:
    """The page."""
    return Subpage(
        [
            build_models(texts, shown.known, is_recorded=shown.decisions is not None),
            _versions(texts, shown),
            _decisions(texts, shown.decisions),
            _commands(texts, shown.known),
        ]
    )


def _versions(texts: Texts, shown: ModelsShown) -> html.Section:
    wording, quality = texts["models"], texts["quality"]
    champions = [known.model for known in shown.known]
    rows = [
        [
            version.version,
            quality[f"kind_{version.kind}"],
            _state(texts, version, is_champion=version in champions),
            wording["shipped" if version.is_shipped else "local"],
            told_learned(texts, version.learned_from),
        ]
        for version in shown.versions
    ]
    columns = ("version", "kind", "state", "origin", "learned")
    table = build_table([wording[f"column_{name}"] for name in columns], rows)
    return build_card(wording["versions_title"], table)


def _state(texts: Texts, version: ModelInUse, *, is_champion: bool) -> str:
    """A champion may be set aside: then the average is shown in its place."""
    wording = texts["models"]
    told = [
        words
        for is_so, words in (
            (is_champion, wording["state_champion"]),
            (version.is_set_aside, wording["state_set_aside"]),
        )
        if is_so
    ]
    return texts["quality"]["list_mark"].join(told) or "–"


def _decisions(texts: Texts, decisions: Sequence[DecisionRow] | None) -> html.Section:
    wording, quality = texts["models"], texts["quality"]
    if not decisions:
        told = wording["decisions_unreadable"] if decisions is None else quality["decisions_none"]
        return build_card(wording["decisions_title"], html.P(told))
    rows = [
        [
            item.at,
            quality[f"kind_{item.kind}"],
            item.version or "–",
            quality[f"action_{item.action}"],
            html.Span(quality[f"reason_{item.reason}"], className="quality-verdict"),
            wording[f"by_{item.decided_by}"],
        ]
        for item in decisions
    ]
    columns = ("at", "kind", "version", "action", "reason", "by")
    table = build_table([wording[f"column_{name}"] for name in columns], rows)
    return build_card(wording["decisions_title"], table)


def _commands(texts: Texts, known: Sequence[KnownModel]) -> html.Section:
    """How to promote a version or to go back, for what is no button: it is done on the machine."""
    wording = texts["models"]
    kinds = {"kind": "|".join(model.kind for model in known), "version": "VERSION"}
    return build_card(
        wording["commands_title"],
        html.P(wording["commands_text"]),
        html.Dl(
            [
                part
                for name, command in COMMANDS
                for part in (
                    html.Dt(wording[f"command_{name}"]),
                    html.Dd(html.Code(command.format(**kinds), lang="en")),
                )
            ],
            className="exploitation-commands",
        ),
    )
