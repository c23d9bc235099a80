"""Who notices when the house does nothing, or does it badly, and who is told?"""
