"""How right the forecasts were: each hour compared with what was observed, without TensorFlow.

``run`` is what the worker calls, ``summary`` what the page shows, ``metrics``
what monitoring reads. A new kind of model is one adapter (``protocol``).
"""
