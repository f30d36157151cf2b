"""Clusters: customers who are alike, with a rule that can become a segment. Needs the extra ``predict``."""
