"""The zones model: the status of a zone at a day and hour."""
