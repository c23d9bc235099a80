"""Is the audit complete, and can nobody change it unseen?"""
