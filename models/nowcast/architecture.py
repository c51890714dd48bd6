"""The nowcaster's network: a small ensemble in one Keras model, its quantiles in order."""

from __future__ import annotations

from typing import Any, Final

import keras
import numpy as np
from numpy.typing import NDArray

from models.nowcast.features import HORIZONS
from models.nowcast.options import Architecture

# Order of the last axis of the output: services.plain.forecast.QUANTILES, then the mean.
P10, P50, P90, MEAN = range(4)
_HEADS: Final = 4
_LONGEST_INPUT: Final = 8.0
_TIME_OF_DAY_BINS: Final = 48
_TIME_OF_DAY_WIDTH: Final = 8
# Keras takes the members' axis for a convolution's and would start them too small by it.
_GLOROT: Final = "fan_avg"


def build_network(
    telling: NDArray[np.int64],
    offset: NDArray[np.float32],
    scale: NDArray[np.float32],
    sizes: Architecture,
) -> Any:
    """Functional model: features, detector, time of day and weekend in, every member's heads out.

    Parameters
    ----------
    telling : array of int, shape (detectors, neighbours)
        From which others each detector gets messages: the learned edges, which are sparse.
    offset, scale : arrays, shape (features,)
        The features are used as ``feature * scale + offset``.

    Returns
    -------
    keras.Model
        Inputs ``features`` (times, detectors, features), ``detector`` (times,
        detectors; all of them, in order), ``time_of_day`` (times, 1; share of the day)
        and ``weekend`` (times, 1). Output (times, detectors, members, horizons, 4):
        changes in units, in the order P10, P50, P90, mean; P10 ≤ P50 ≤ P90 by construction.
    """
    features = keras.Input((None, len(scale)), name="features")
    detector = keras.Input((None,), name="detector", dtype="int32")
    time_of_day = keras.Input((1,), name="time_of_day")
    weekend = keras.Input((1,), name="weekend")
    scaled = keras.layers.Rescaling(scale.tolist(), offset.tolist())(features)
    bounded = keras.ops.clip(scaled, -_LONGEST_INPUT, _LONGEST_INPUT)
    where_and_when = (detector, time_of_day, weekend)
    heads = _members(bounded, where_and_when, len(telling), sizes.members, sizes)
    if sizes.hearing_members > 0:
        messages = _messages(bounded, detector, telling, sizes)
        told = keras.ops.concatenate([bounded, messages], axis=-1)
        hearing = _members(told, where_and_when, len(telling), sizes.hearing_members, sizes)
        heads = keras.ops.concatenate([heads, hearing], axis=2)
    heads = _ordered(heads)
    inputs = {item.name: item for item in (features, detector, time_of_day, weekend)}
    return keras.Model(inputs, heads, name="nowcast")


def _messages(features: Any, detector: Any, telling: NDArray[np.int64], sizes: Architecture) -> Any:
    """What each detector hears: means of its neighbours' messages, each head weighted its way."""
    count, neighbours = telling.shape
    heads, width = sizes.message_heads, sizes.message_width
    message = keras.layers.Dense(width, activation="gelu")(features)
    heard = keras.ops.take(message, telling, axis=1)
    # One weight for each edge and head, by way of an embedding: as many as there are edges.
    weights = keras.layers.Embedding(
        count,
        neighbours * heads,
        embeddings_initializer=keras.initializers.RandomNormal(stddev=0.3),
    )(detector)
    weights = keras.layers.Reshape((-1, neighbours, heads))(weights)
    weights = keras.ops.softmax(weights, axis=2)
    means = keras.ops.einsum("bnkw,bnkh->bnhw", heard, weights)
    return keras.layers.Reshape((-1, heads * width))(means)


def _members(
    seen: Any,
    where_and_when: tuple[Any, Any, Any],
    detectors: int,
    members: int,
    sizes: Architecture,
) -> Any:
    """Raw heads of a group of members, (times, detectors, members, horizons, 4)."""
    detector, time_of_day, weekend = where_and_when
    units, width = sizes.units, sizes.detector_width
    which = keras.layers.Embedding(detectors, members * width)(detector)
    which = keras.layers.Reshape((-1, members, width))(which)
    when = keras.ops.concatenate([_time_of_day(time_of_day, members), _each(weekend, members)], -1)
    first = [
        _dense("bnf,mfu->bnmu", members, units)(seen),
        _dense("bnmf,mfu->bnmu", members, units, bias=False)(which),
        keras.ops.expand_dims(_dense("bmf,mfu->bmu", members, units, bias=False)(when), 1),
    ]
    hidden = keras.activations.gelu(first[0] + first[1] + first[2])
    hidden = keras.layers.Dropout(sizes.dropout)(hidden)
    for _ in range(sizes.layers - 1):
        added = keras.activations.gelu(_dense("bnmf,mfu->bnmu", members, units)(hidden))
        hidden = hidden + keras.layers.Dropout(sizes.dropout)(added)
    raw = _dense("bnmf,mfu->bnmu", members, HORIZONS * _HEADS)(hidden)
    return keras.layers.Reshape((-1, members, HORIZONS, _HEADS))(raw)


def _ordered(heads: Any) -> Any:
    below, median, above, mean = (heads[..., place] for place in range(_HEADS))
    # The shift starts training with bands about as wide as they end.
    low = median - keras.ops.softplus(below - 0.5)
    high = median + keras.ops.softplus(above - 0.5)
    return keras.ops.stack([low, median, high, mean], axis=-1)


def _time_of_day(share: Any, members: int) -> Any:
    bins = keras.ops.cast(share * _TIME_OF_DAY_BINS, "int32")
    bins = keras.ops.clip(bins, 0, _TIME_OF_DAY_BINS - 1)
    vectors = keras.layers.Embedding(_TIME_OF_DAY_BINS, members * _TIME_OF_DAY_WIDTH)(bins)
    return keras.ops.reshape(vectors, (-1, members, _TIME_OF_DAY_WIDTH))


def _each(values: Any, members: int) -> Any:
    return keras.ops.repeat(keras.ops.expand_dims(values, 1), members, axis=1)


def _dense(equation: str, members: int, units: int, *, bias: bool = True) -> Any:
    """A dense layer of every member at once."""
    kept = equation.split("->")[1][1:-2]
    return keras.layers.EinsumDense(
        equation,
        output_shape=(*(None for _ in kept), members, units),
        bias_axes="mu" if bias else None,
        kernel_initializer=keras.initializers.VarianceScaling(
            scale=float(members), mode=_GLOROT, distribution="uniform"
        ),
    )
