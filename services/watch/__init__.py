"""Rules on the metrics, incidents when one is broken, and telling people. See ``alerts.toml``."""
