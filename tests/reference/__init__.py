"""Is what we know of France right, and does bad input get a clear answer?"""
