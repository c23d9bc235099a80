"""Has one message one effect, whatever dies at whichever step?"""
