"""Can everything that was ever said still be read?"""
