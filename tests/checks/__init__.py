"""Does every checker see what it is there for, and nothing else?"""
