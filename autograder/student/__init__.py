"""What a student installs: run a function on recorded cases and explain."""
