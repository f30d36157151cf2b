"""Landing pages: pages of the site that go on from a campaign's mail, for the one who clicked."""
