"""What is true of Rennes and of no other city: zones and days."""
