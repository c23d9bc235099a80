"""Whom does which policy leave waiting? A simulated month of a CPTS, every policy beside the others."""
