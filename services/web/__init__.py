"""What serving pages needs besides: log-in, tiles, connections, the monitoring package."""
