"""Does what runs keep its promises? Database, keyring, settings, clock."""
