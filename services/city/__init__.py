"""What is true of one city and of no other: its feed, places, zones, clock and holidays."""
