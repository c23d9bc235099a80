"""What is true of the people of the demonstration: their names, their calls, their hours, what they do."""
