"""How does a community bring its members? A spreadsheet read line by line, and taken in whole or not at all."""
