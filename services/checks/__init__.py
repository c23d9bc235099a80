"""Is every promise of the house kept? Checkers that read a living database and its stream, and change nothing."""
