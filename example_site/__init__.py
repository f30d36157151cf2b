"""A small shop with a magazine: documentation that runs."""
