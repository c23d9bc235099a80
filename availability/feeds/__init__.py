"""Where slots may come from: one file, one kind of source. Each module has a `Source` class with a `name`."""
