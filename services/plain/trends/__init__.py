"""What is asked of the archive and what it answers: plain data, a module a view."""
