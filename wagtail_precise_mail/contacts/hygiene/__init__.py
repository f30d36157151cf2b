"""Keeping a list clean: addresses that cannot be right, people who no longer read, figures that show it."""
