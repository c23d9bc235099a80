"""What rests, and how? Databases, tables, the ledger of what was said, the keys."""
