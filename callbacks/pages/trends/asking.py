"""How a callback stands that is asked again and again, as ``assets/trends_asking.js`` is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from dash import ClientsideFunction, Dash, Input, Output

Standing = Literal["asked", "responded", "answered"]


@dataclass(frozen=True)
class Asking:
    """What tells the browser that a callback was asked, and whether an answer came of it.

    Of an error Dash tells nobody: there is a response, and no answer. Of a server that is not there
    it tells not even that.

    Attributes
    ----------
    store_id : str
        Of the store that it is told in.
    poll_id : str
        Of the timer by which it is asked again.
    """

    store_id: str
    poll_id: str

    def register(self, app: Dash) -> None:
        """Have the browser told."""
        app.clientside_callback(
            ClientsideFunction("trends_asking", "stand"), Input(self.store_id, "data")
        )

    @property
    def output(self) -> Output:
        """Of the callback, for :attr:`answered`."""
        return Output(self.store_id, "data")

    @property
    def answered(self) -> dict[str, str]:
        """What it gives with each answer."""
        return self._told("answered")

    @property
    def running(self) -> list[tuple[Output, Any, Any]]:
        """Of the callback: its timer rests until an answer, or the browser, starts it again."""
        return [
            (Output(self.poll_id, "disabled"), True, True),
            (self.output, self._told("asked"), self._told("responded")),
        ]

    def _told(self, standing: Standing) -> dict[str, str]:
        return {"poll": self.poll_id, "standing": standing}
