"""Reports: figures over everything below."""
