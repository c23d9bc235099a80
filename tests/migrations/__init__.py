"""Does every older database become the one the code needs, while older code still works on it?"""
