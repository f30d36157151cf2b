"""Tracking: opens, clicks, unsubscribes and conversions, each an event about one outbox message."""
