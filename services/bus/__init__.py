"""How do facts travel? NATS, streams, readers."""
