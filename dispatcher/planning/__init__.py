"""What is the best for all who wait, at once? Edges, assignment, prices, promises: decisions only."""
