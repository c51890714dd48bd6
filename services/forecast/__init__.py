"""Flow 3: the tables that the models wrote, and looking things up in them."""
