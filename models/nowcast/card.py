"""The model card of a nowcaster: what it is, what it learned from, how good it is."""

from __future__ import annotations

from typing import Any

from models.nowcast.evaluation import lead_table, status_table
from models.tables import markdown_table
from services.forecast.nowcasts import LEAD_MINUTES

_SIMULATED = """\
**This model learned from simulated traffic.** Its measures say how well it learned the
simulation, not how well it forecasts {city}. It finds segments by their ids, and knows those
of that network only. Train it again on observed traffic as soon as two weeks of it are there:
`python -m models.nowcast.train --source live`.
"""
_OBSERVED = "This model learned from traffic that was observed.\n"


def nowcast_card(measures: dict[str, Any]) -> str:
    """Write the card of a version from its record (``measures.json``)."""
    trained_on, training, test = (measures[name] for name in ("trained_on", "training", "test"))
    thresholds = measures["thresholds"]
    days = {part: len(dates) for part, dates in measures["split"].items()}
    return f"""\
# Traffic of {measures["city"]} in the next hour, {measures["model_version"]}

{_SIMULATED.format(city=measures["city"]) if trained_on["source"] == "demo" else _OBSERVED}
## What it does
Gives, for every segment and 15, 30, 45 and 60 minutes ahead, the 10th, 50th and 90th percentile of
the speed ratio (speed ÷ limit), from the last hour of the whole network, the usual day and the
calendar (time of day; days off are weekends and French public holidays; days of school holidays
have a usual day of their own where some were learned from). Status probabilities
follow from these through the feed's thresholds ({thresholds["congested_up_to"]:.2f} and
{thresholds["free_from"]:.2f}); quantiles of the zones' speed ratios from the segments' and from how
much their errors go together. It knows no weather, works or events. It is meant for the page's
card of the next hour, not for routing, signals or anything that safety depends on.

## What it learned from
{trained_on["snapshots"]:,} snapshots of source `{trained_on["source"]}`, {trained_on["days"]} days
from {trained_on["first_day"]} to {trained_on["last_day"]}, {measures["segments"]["known"]:,} of
{measures["segments"]["all"]:,} segments, put on steps of five minutes;
{measures["unknown_share"]:.0%} of the speeds are unknown and never learned as speeds. Whole days
were shared out at random, working days and days off alike: {days["train"]} to learn from,
{days["validation"]} to calibrate the bands by, {days["test"]} to judge by, which neither the model
nor the baselines ever saw ({", ".join(test["days"])}).

## How good it is
{test["observations"][0]:,} to {test["observations"][-1]:,} observations of segments a lead time, a
quarter of an hour apart. MAE is that of the median; RPS is the ranked probability score of the
status, 0 to 1, lower is better (`models/zones/measures.py`); its skill is the nowcaster's over the
forecaster of the line; P10–P90 is the share of what happened that fell inside the band, which
should be 80 %. Persistence takes the last known ratio on; the average has the mean and the
frequencies of statuses of the same segment and hour of the week.

{lead_table(test)}

By the status that happened (P10–P90: the nowcaster's):

{status_table(test)}

The zones' speed ratios (MAE in hundredths), by lead time:

{_zone_table(test["zones"])}

## How it was made
A Keras model of {training["weights"]:,} weights (`models/nowcast/architecture.py`) in a file of
{measures["bytes"] / 1e6:.1f} MB, {training["fit"]["epochs"]} epochs over {training["times"]:,}
sampled times with all segments each, seed {training["seed"]}, {training["seconds"]} s, Keras
{training["keras"]}, TensorFlow {training["tensorflow"]}. The same history, seed, versions and
processor give the same weights but for the rounding of sums on several cores.

    python -m models.nowcast.train --data-dir DIR --source {trained_on["source"]} \
--weeks {training["weeks"]} --seed {training["seed"]}
"""


def _zone_table(zones: dict[str, Any]) -> str:
    header = ["zone", *(f"{minutes} min" for minutes in LEAD_MINUTES), "persistence", "P10–P90"]
    rows = [
        [
            zone,
            *(f"{100 * value:.2f}" for value in found["mae"]),
            " / ".join(f"{100 * value:.2f}" for value in found["mae_persistence"]),
            " / ".join(f"{value:.0%}" for value in found["coverage"]),
        ]
        for zone, found in zones.items()
    ]
    return markdown_table(header, rows)
