"""The errors of training and of loading models, in the application's one tree."""

from __future__ import annotations

from services.base.errors import ForecastUnavailable, TrafficError


class ModelMismatch(ForecastUnavailable):
    """A model's file is damaged, or its inputs are not what this code encodes."""


class HistoryTooShort(TrafficError):
    """The history does not hold enough days to learn from, or to evaluate a model by."""


class PicturesUnusable(TrafficError):
    """There are no labelled pictures to learn from, or a picture and its class map do not fit."""


class TrainingRefused(TrafficError):
    """A training ended with nothing that may be shipped: it failed, or its baseline is better."""
