"""The report "Customers": pages of pictures, each with its figures as a table and a file."""
