"""Every picture of the example site, drawn by code: flat illustrations with soft light."""
