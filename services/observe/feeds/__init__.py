"""One adapter per source of traffic data: the live feed of Rennes and the simulated one."""
