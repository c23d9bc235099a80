"""Does a person get it done, in a real browser, before a real Relais?"""
