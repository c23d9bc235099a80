"""How is the engine asked « what if », on files, with no server?"""
