"""Who takes this patient, and by when?"""
