"""What runs: the only place with a broker, a clock and a commit."""
