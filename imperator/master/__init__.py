"""The master of one instance: sockets, pidfile, signals, generations; it imports no application."""
