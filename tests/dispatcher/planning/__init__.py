"""Is the plan of many the best there is?"""
