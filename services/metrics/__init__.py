"""What every process measures of itself, and reading all of it together.

Metrics are Prometheus', named and given units as it advises. In production each
role shares its files with ``/metrics`` and with the watch role (:mod:`.shared_directory`);
an application in a test keeps them in memory.
"""
