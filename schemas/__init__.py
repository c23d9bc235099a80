"""What is said: facts, the values they share, sealed personal data."""
