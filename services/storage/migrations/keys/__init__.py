"""Which changes made the store of keys?"""
