"""Does the whole corridor hold, on a real nats-server, with whatever may happen on the way?"""
