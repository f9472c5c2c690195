"""What an instance runs beside requests: daemons, and commands at times."""
