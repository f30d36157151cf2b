"""What makes the example site run by one command: its pictures, its invented past, its processes."""
