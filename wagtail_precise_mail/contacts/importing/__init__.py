"""Importing contacts from files: mapped, checked, written in slices, undone."""
