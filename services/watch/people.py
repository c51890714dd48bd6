"""Who is told: addresses as Apprise spells them, by names that operators give them.

An address holds passwords and is personal: it is in no line, no database and on no page.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Final

from pydantic import Field, SecretStr, ValidationInfo

from services.base.errors import ConfigurationError

NAME: Final = r"^[a-z0-9]+(-[a-z0-9]+)*$"
People = Mapping[Annotated[str, Field(pattern=NAME, max_length=40)], SecretStr]
"""Addresses, with spaces between, by name: the table ``[people]`` of a file."""
Tell = tuple[SecretStr, ...]
"""Names of people, or addresses."""

_IS_ADDRESS: Final = re.compile(r"[a-z0-9+.-]+://", re.IGNORECASE)


def check_names(tell: Tell, people: Mapping[str, SecretStr]) -> None:
    """Check that each is an address or the name of somebody.

    Raises
    ------
    ValueError
        Which repeats nothing: what was meant as an address may hold a password.
    """
    for place, secret in enumerate(tell, 1):
        written = secret.get_secret_value()
        if not _IS_ADDRESS.match(written) and written not in people:
            known = ", ".join(sorted(people)) or "nobody is named there"
            raise ValueError(
                f"entry {place} is neither an address nor a name of [people] ({known})"
            )


def addresses(tell: Tell, people: Mapping[str, SecretStr]) -> list[str]:
    """The addresses of those who are told, each once."""
    found: dict[str, None] = {}
    for secret in tell:
        written = secret.get_secret_value()
        of = people.get(written, secret).get_secret_value()
        found.update(dict.fromkeys(of.split()))
    return list(found)


def shown_names(tell: Tell, people: Mapping[str, SecretStr]) -> list[str]:
    """Who is told, as operators are shown it: names, and of an address its channel alone.

    >>> shown_names((SecretStr("duty"), SecretStr("mailto://me:secret@example.org")),
    ...             {"duty": SecretStr("json://host")})
    ['duty', 'mailto://…']
    """
    found = []
    for secret in tell:
        written = secret.get_secret_value()
        found.append(written if written in people else f"{written.partition('://')[0]}://…")
    return list(dict.fromkeys(found))


def check_addresses(urls: Iterable[str], where: str) -> None:
    """Check that Apprise knows each of some addresses.

    Raises
    ------
    ConfigurationError
        Which does not tell the address.
    """
    wanted: Sequence[str] = list(urls)
    if not wanted:
        return
    # Half a second, for those alone who name somebody.
    from apprise import Apprise  # noqa: PLC0415

    for place, url in enumerate(wanted, 1):
        if not Apprise().add(url):
            raise ConfigurationError(
                f"{where}: address {place} of {len(wanted)} is none that Apprise knows"
            )


def people_first(value: Any, info: ValidationInfo) -> Any:
    """Let what a file says be checked with the names of its own people too."""
    own = value.get("people") if isinstance(value, dict) else None
    if isinstance(own, dict) and info.context is not None:
        named = {str(name): SecretStr(str(address)) for name, address in own.items()}
        info.context["people"] = {**info.context.get("people", {}), **named}
    return value
