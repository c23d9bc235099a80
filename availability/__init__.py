"""Who is free?"""
