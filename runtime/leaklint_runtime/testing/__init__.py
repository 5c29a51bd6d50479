"""What ``pytest --leaklint`` does; nothing here is imported before someone asks for it."""
