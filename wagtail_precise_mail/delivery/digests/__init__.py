"""What contacts with a pace of their own miss is kept, and sent as one mail when their day, week or month is over."""
