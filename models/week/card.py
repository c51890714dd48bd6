"""The card of a week model: what it is, what it learned from and how good it is, for people."""

from __future__ import annotations

from typing import Any

from models.week.scores import scores_table

_SIMULATED = """\
**This model learned from simulated traffic.** Its measures say how well it learned the
simulation, not how well it forecasts {city}. Train it again on observed traffic as soon as some
weeks of it are there: `python -m models.week.train --source live`.
"""
_OBSERVED = "This model learned from traffic that was observed.\n"


def week_card(measures: dict[str, Any]) -> str:
    """Write the card of a version from its record (``measures.json``)."""
    trained_on, training, test = measures["trained_on"], measures["training"], measures["test"]
    observed = test["shares_observed"]
    return f"""\
# Every segment of {measures["city"]} in an ordinary week, {measures["model_version"]}

{_SIMULATED.format(city=measures["city"]) if trained_on["source"] == "demo" else _OBSERVED}
## What it does
Gives, for each of {measures["segments"]:,} segments and each of the 168 hours of the week (local
time), P10, P50 and P90 of the speed ratio (speed ÷ limit). The probabilities of *congested* (up to
{measures["thresholds"]["congested_up_to"]}), *heavy* and *free-flowing* (from
{measures["thresholds"]["free_from"]}) come from them through the feed's own thresholds
(`services/forecast/speed_distribution.py`). The week is an ordinary one: public holidays were left
out, and schools are open. It knows nothing of weather, works, events, and nothing of how the
traffic is now. Closed roads are not forecast. It is meant for the map's question "how will it be on
Tuesday at 8 h?", not for routing, signals or anything that safety depends on.

## What it learned from
{trained_on["snapshots"]:,} snapshots of source `{trained_on["source"]}`, {trained_on["days"]} days
from {trained_on["first_day"]} to {trained_on["last_day"]}, of which
{len(measures["split"]["learn"])} to learn from, {len(measures["split"]["test"])} whole days to
judge by, each weekday alike, which neither the model nor the baselines ever saw, and
{len(measures["split"]["left_out"])} left out (public holidays, or older than asked for). What was
not measured is in no count.

## How good it is
On the {len(test["days"])} test days ({test["observations"]:,} observations:
{observed["freeFlow"]:.1%} free, {observed["heavy"]:.1%} heavy, {observed["congested"]:.1%}
congested). RPS is the ranked probability score, 0 to 1, lower is better; AP the average precision
of *not free*. Skill is the share of the other's score that is saved.

{scores_table(test)}

P10–P90 holds {test["coverage"]:.1%} of the observed ratios. In {test["told_share"]:.1%} of the
cells one status is at least as likely as the others together: it is told firmly, right in
{test["accuracy_where_told"]:.1%} of the observations there.

## How it was made
A prior of shrunk counts (`models/week/prior.py`), corrected by a Keras model of
{training["weights"]:,} weights (`models/week/correction.py`), seed {training["seed"]},
{training["epochs"]} epochs, Keras {training["keras"]}, TensorFlow {training["tensorflow"]}.

    {_command(trained_on["source"], training["seed"])}
"""


def _command(source: str, seed: int) -> str:
    return f"python -m models.week.train --data-dir DIR --source {source} --seed {seed}"
