"""What providers tell about mails that they took from us."""
