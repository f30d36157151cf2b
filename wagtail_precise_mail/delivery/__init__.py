"""Delivery: the outbox and the channels by which its messages leave."""
