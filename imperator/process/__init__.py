"""The operating system, without opinions."""
