"""Does the simulated house keep its promises, and does the simulation notice when it does not?"""
