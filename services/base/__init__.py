"""What every room stands on: errors, time, files, settings, the journal."""
