"""Does availability keep the last word on every seat?"""
