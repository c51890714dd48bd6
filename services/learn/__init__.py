"""How right the forecasts were: judged hour by hour against what happened, without TensorFlow.

``run`` is what the worker calls, ``summary`` what the page shows, ``metrics``
what monitoring reads. A new kind of model is one adapter (``protocol``).
"""
