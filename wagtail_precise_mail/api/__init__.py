"""The API: reading and writing from other systems."""
