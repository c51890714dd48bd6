"""Attacks, bounded in number and time, on loopback only."""
