"""One loaded copy of the application, and its workers."""
