"""Is the right person told, in the right words, once?"""
