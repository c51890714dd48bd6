"""The neighbours of each detector, as sparse edges, and means over them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_LITTLE = 1e-9
_NEIGHBOURS_WITHOUT_MAP = 12


@dataclass(frozen=True)
class Neighbours:
    """Padded lists of edges; memory grows with the edges, not with detectors squared.

    Attributes
    ----------
    index : array of int, shape (detectors, most neighbours)
    weight : array of float32, same shape
        0 where there is no edge.
    """

    index: NDArray[np.int64]
    weight: NDArray[np.float32]

    def mean(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Weighted mean over the neighbours whose value is known.

        Parameters
        ----------
        values : array, shape (rows, detectors)
            NaN where unknown.

        Returns
        -------
        array of float32, same shape
            NaN where no neighbour is known.
        """
        total = np.zeros(values.shape, dtype=np.float32)
        weights = np.zeros(values.shape, dtype=np.float32)
        known = ~np.isnan(values)
        filled = np.where(known, values, 0.0).astype(np.float32)
        for index, weight in zip(self.index.T, self.weight.T, strict=True):
            total += filled[:, index] * weight
            weights += known[:, index] * weight
        seen = weights > _LITTLE
        return np.where(seen, total / np.where(seen, weights, 1.0), np.nan).astype(np.float32)


def choose_neighbours(
    deviation: NDArray[np.float32], adjacency: NDArray[np.float64] | None
) -> Neighbours:
    """Those of the map where there is one, else those whose deviations go together.

    Parameters
    ----------
    deviation : array, shape (rows, detectors)
        Speed less usual speed, NaN where unknown.
    adjacency : array, shape (detectors, detectors), or None
    """
    if adjacency is not None:
        return neighbours_from_adjacency(adjacency)
    return neighbours_from_speeds(deviation, _NEIGHBOURS_WITHOUT_MAP)


def neighbours_from_adjacency(adjacency: NDArray[np.float64]) -> Neighbours:
    """Edges wherever a weight of the adjacency (detectors × detectors) is above 0."""
    weights = adjacency * (1.0 - np.eye(len(adjacency)))
    most = max(1, int((weights > 0).sum(axis=1).max()))
    return _strongest(weights, most)


def neighbours_from_speeds(deviation: NDArray[np.float32], count: int) -> Neighbours:
    """The detectors whose deviations from the usual go together, for want of a map.

    Parameters
    ----------
    deviation : array, shape (rows, detectors)
        Speed less usual speed, NaN where unknown.
    count : int
        Neighbours of each detector, at most.
    """
    scaled = _centred(deviation)
    scaled /= _norms(scaled)
    weights = np.maximum(scaled.T @ scaled, 0.0) * (1.0 - np.eye(scaled.shape[1]))
    return _strongest(weights, min(count, max(1, scaled.shape[1] - 1)))


def telling_neighbours(
    deviation: NDArray[np.float32], steps: int, near: Neighbours, count: int
) -> NDArray[np.int64]:
    """For each detector, the others that say most about what it will do, and its nearest.

    Half of them are those whose deviation from the usual goes together with what the
    detector's own deviation does *not* tell of its deviation some steps later; the other
    half are the strongest edges of the graph.

    Parameters
    ----------
    deviation : array, shape (rows, detectors)
        Training rows; NaN where unknown.
    steps : int
        How far ahead.
    count : int
        Neighbours of each detector.

    Returns
    -------
    array of int, shape (detectors, count)
        With fewer others than that, some come twice.
    """
    now, later = _centred(deviation[:-steps]), _centred(deviation[steps:])
    own = (now * later).sum(axis=0) / np.maximum((now**2).sum(axis=0), _LITTLE)
    rest = later - own * now
    correlation = np.abs((rest / _norms(rest)).T @ (now / _norms(now)))
    np.fill_diagonal(correlation, -1.0)
    telling = np.argsort(-correlation, axis=1, kind="stable")
    chosen = [
        _first_of(count, telling[detector], near.index[detector][near.weight[detector] > 0])
        for detector in range(len(own))
    ]
    return np.array(chosen, dtype=np.int64)


def _first_of(count: int, telling: NDArray[np.int64], near: NDArray[np.int64]) -> NDArray[np.int64]:
    """Half of the telling ones, then near ones, then more telling ones, each once."""
    half = telling[: count // 2]
    # The last of the telling ones is the detector itself.
    candidates = np.concatenate([half, near, telling[:-1]])
    _, first = np.unique(candidates, return_index=True)
    return np.resize(candidates[np.sort(first)], count)


def _centred(values: NDArray[np.float32]) -> NDArray[np.float64]:
    centred: NDArray[np.float64] = (values - np.nanmean(values, axis=0)).astype(np.float64)
    return np.nan_to_num(centred)


def _norms(values: NDArray[np.float64]) -> NDArray[np.float64]:
    norms: NDArray[np.float64] = np.maximum(np.sqrt((values**2).sum(axis=0)), _LITTLE)
    return norms


def _strongest(weights: NDArray[np.float64], count: int) -> Neighbours:
    index = np.argsort(-weights, axis=1, kind="stable")[:, :count]
    return Neighbours(index, np.take_along_axis(weights, index, axis=1).astype(np.float32))
