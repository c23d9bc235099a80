"""What do people and programs see over HTTP?"""
