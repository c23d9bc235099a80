"""Does the dispatcher find each patient a place, in time, and for reasons it can name?"""
