"""Does nothing stop in silence? Processes killed and frozen, clocks that jump, servers that are away."""
