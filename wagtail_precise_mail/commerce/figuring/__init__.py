"""Figures of contacts, worked out from their orders: sums, RFM, buying stage, value tier, and who moved."""
