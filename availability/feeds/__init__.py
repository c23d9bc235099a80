"""Sources of slots: one file, one source."""
