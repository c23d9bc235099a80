"""What would a believable day look like?"""
