"""The domain of Traffic Rennes: feeds, snapshots, history, forecasts, monitoring."""
