"""Mails that people write to us in answer to ours."""
