"""Who is asked to take one more patient, when, and what do the answers teach? Decisions only."""
