"""Whether the world has reason to trust our mail: records of domains, headers of what we send, and who refuses it."""
