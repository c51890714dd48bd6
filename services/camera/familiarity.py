"""Whether a picture is one that the model can be asked about.

Two general rules look at the picture alone: there must be something to see, and it must not
be noise. Beside a model, ``FILE.familiarity.npz`` tells what its own view of the pictures that
it learnt from was like: how far another picture is from them says how much its answer is worth
(Lee et al., "A simple unified framework for detecting out-of-distribution samples", 2018).
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from services.camera.errors import ModelRefused

FAMILIARITY_ENDING: Final = ".familiarity.npz"
# Of 255: the greys' standard deviation. CamVid by day and at dusk 20 to 85, one colour under a
# camera's grain 0 to 2.
MIN_CONTRAST: Final = 10.0
# How far a pixel tells the next one: CamVid 0.94 to 0.99, noise of single pixels 0 to 0.3.
MIN_CORRELATION: Final = 0.7
_LUMINANCE: Final = np.array([0.299, 0.587, 0.114], dtype=np.float32)  # ITU-R BT.601.
# Towards uncorrelated features: there are more numbers in a covariance than pictures.
_SHRINKAGE: Final = 0.3

Blindness = Literal["uniform", "noise"]


@dataclass(frozen=True)
class Familiarity:
    """What a model's view of the pictures that it learnt from is like.

    Attributes
    ----------
    layer : str
        Whose mean over all places is looked at.
    mean : array of float, shape (features,)
    whitening : array of float, shape (features, features)
        Makes them uncorrelated and of variance 1.
    usual : float
        Distance up to which a picture is as familiar as any.
    limit : float
        Distance from which it is unlike all that was learnt.
    """

    layer: str
    mean: NDArray[np.float32]
    whitening: NDArray[np.float32]
    usual: float
    limit: float

    def distance(self, features: NDArray[np.floating]) -> float:
        """Mahalanobis distance from what was learnt, over the root of the number of features."""
        whitened = (features - self.mean) @ self.whitening
        return float(np.sqrt(np.mean(whitened**2)))

    def of(self, features: NDArray[np.floating]) -> float:
        """From 1, like what was learnt, down to 0, unlike it.

        Parameters
        ----------
        features : array of float, shape (features,)
        """
        beyond = (self.limit - self.distance(features)) / (self.limit - self.usual)
        # NaN compares as unlike.
        return min(1.0, beyond) if beyond > 0 else 0.0


def whitening_of(features: NDArray[np.floating]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Mean and whitening of features, shape (pictures, features); see :class:`Familiarity`."""
    covariance = np.cov(features.astype(np.float64).T)
    own = np.diag(np.diag(covariance))
    shrunk = (1 - _SHRINKAGE) * covariance + _SHRINKAGE * own
    # A feature that never stirs must not be infinitely telling.
    shrunk += np.eye(len(shrunk)) * 1e-6 * max(np.trace(shrunk) / len(shrunk), 1e-12)
    values, vectors = np.linalg.eigh(shrunk)
    whitening = vectors / np.sqrt(values)
    return features.mean(axis=0).astype(np.float32), whitening.astype(np.float32)


def blindness_of(rgb: NDArray[np.uint8]) -> Blindness | None:
    """Why nothing can be seen in a picture, whatever the model; None where something can.

    Parameters
    ----------
    rgb : array of uint8, shape (height, width, 3)
        At about the model's size: grain in a large picture is no noise yet.
    """
    grey = rgb.astype(np.float32) @ _LUMINANCE
    grey -= grey.mean()
    variance = float(np.mean(grey**2))
    if variance < MIN_CONTRAST**2:
        return "uniform"
    across, down = np.mean(grey[:, 1:] * grey[:, :-1]), np.mean(grey[1:] * grey[:-1])
    return "noise" if (across + down) / 2 < MIN_CORRELATION * variance else None


def write_familiarity(found: Familiarity, model_file: Path) -> Path:
    """Write it beside its model; returns the file."""
    path = model_file.with_suffix(FAMILIARITY_ENDING)
    stream = io.BytesIO()
    np.savez(
        stream,
        layer=np.array(found.layer),
        mean=found.mean,
        whitening=found.whitening,
        distances=np.array([found.usual, found.limit]),
    )
    path.write_bytes(stream.getvalue())
    return path


def read_familiarity(model_file: Path) -> Familiarity | None:
    """What lies beside a model; None where nothing does.

    Raises
    ------
    ModelRefused
        When the file there is damaged.
    """
    path = model_file.with_suffix(FAMILIARITY_ENDING)
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as stored:
            usual, limit = (float(value) for value in stored["distances"])
            found = Familiarity(
                str(stored["layer"]), stored["mean"], stored["whitening"], usual, limit
            )
    except FileNotFoundError:
        return None
    # Broken bytes are answered with almost any exception.
    except Exception as error:
        raise ModelRefused(f"{path.name}: damaged: {error}") from error
    features = len(found.mean)
    is_whole = (
        found.whitening.shape == (features, features)
        and np.isfinite(found.mean).all()
        and np.isfinite(found.whitening).all()
        and 0 < usual < limit < np.inf
    )
    if not is_whole:
        raise ModelRefused(f"{path.name}: its numbers make no sense")
    return found
