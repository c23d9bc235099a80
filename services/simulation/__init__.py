"""What would happen if everything went wrong, again and again, in the same way? The house in virtual time."""
