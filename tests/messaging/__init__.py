"""Is a message told once, and told for sure, whatever providers and processes do?"""
