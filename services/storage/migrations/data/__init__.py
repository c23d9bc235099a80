"""Which changes made the tables of the house?"""
