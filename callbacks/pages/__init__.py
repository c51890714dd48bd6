"""One module per page: its layout, who may see it, and what happens on it."""
