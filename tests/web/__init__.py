"""The web as those who use it meet it: real house, real database, no bus unless a test says so."""
