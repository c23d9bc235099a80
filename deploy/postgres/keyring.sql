-- The keys of personal data rest apart from the data, so that each can be backed up, and lost, on its own.
CREATE DATABASE keyring;
