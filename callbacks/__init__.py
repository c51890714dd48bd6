"""One module per interaction; each offers ``register(...)`` and stays thin."""
