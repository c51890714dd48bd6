"""Plain data that services make and components show: its types and names, and nothing else."""
