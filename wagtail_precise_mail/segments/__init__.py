"""Segments: saved sets of contacts, made of conditions that compile to one query."""
