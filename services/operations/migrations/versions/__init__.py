"""A file a revision, numbered on; never changed once it has been released."""
