"""The demonstration: are its people, its slots and its day believable, and is nothing short-cut?"""
