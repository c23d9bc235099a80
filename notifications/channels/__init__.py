"""Ways to a person: one file, one channel. Each module has a `Channel` class with a `name`."""
