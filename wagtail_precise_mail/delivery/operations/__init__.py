"""Keeping it running: signs of life, health, progress, metrics."""
