"""What was chosen about the nowcaster, in one place; on validation rows only."""

from __future__ import annotations

from dataclasses import dataclass, field

from models.nowcast.profile import ProfileOptions


@dataclass(frozen=True)
class Architecture:
    """Sizes of the network.

    Attributes
    ----------
    members, hearing_members : int
        Networks side by side, those of the second kind with learned messages of
        neighbours; the mean of all is the forecast. A week of one freeway network is too
        little for messages: there they gain nothing over more training of the first kind.
    units : int
        In each hidden layer of a member.
    layers : int
        Hidden layers of a member, the second and later ones residual.
    """

    members: int = 2
    hearing_members: int = 0
    units: int = 64
    layers: int = 3
    detector_width: int = 16
    message_width: int = 16
    message_heads: int = 4
    telling_neighbours: int = 12
    dropout: float = 0.2


@dataclass(frozen=True)
class FitOptions:
    """How to train.

    Attributes
    ----------
    times_per_step : int
        Times, each with all detectors, in one step.
    huber_units : float
        Error from which the mean's loss grows linearly, in units.
    """

    epochs: int = 16
    times_per_step: int = 8
    learning_rate: float = 2e-3
    weight_decay: float = 1e-4
    huber_units: float = 0.8
    sizes: Architecture = field(default_factory=Architecture)


@dataclass(frozen=True)
class NowcastOptions:
    """All of them; the defaults are those of the public benchmark."""

    profile: ProfileOptions = field(default_factory=ProfileOptions)
    fit: FitOptions = field(default_factory=FitOptions)
