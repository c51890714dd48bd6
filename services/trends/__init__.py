"""What the history knows of places and periods: the archive, and a view for each question."""
