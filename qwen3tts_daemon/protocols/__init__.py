"""What the daemon speaks to the outside: each protocol is a thin shell round a session without I/O."""
