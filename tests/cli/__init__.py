"""Can everything be done from a terminal, and do the errors say what to do?"""
