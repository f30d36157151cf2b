"""What comes back after a message left: bounces, complaints, automatic replies, and unsubscriptions by mail."""
