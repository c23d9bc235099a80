"""The catalogue of what the web says when it refuses: one file for whole answers, one for single fields."""
