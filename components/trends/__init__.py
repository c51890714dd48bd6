"""What the page of the archive shows, a module for each view."""
