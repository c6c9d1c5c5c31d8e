"""What a connection remembers: statement traits, session states and how to move between them, pins."""
