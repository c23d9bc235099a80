"""The same rooms again."""
