"""Commerce: products, orders, the sources they come from, and conditions on purchases."""
