"""Flow 1: from a reply or an archive to a checked snapshot, kept and published."""
