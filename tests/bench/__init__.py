"""How fast is it, and how far from the limit? `make bench`."""
