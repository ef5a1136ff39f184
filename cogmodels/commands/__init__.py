"""What the command line and rules do alike, from files to files."""
