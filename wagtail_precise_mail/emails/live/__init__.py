"""Pictures that are drawn when a mail is opened: a product's price and stock as they are then."""
