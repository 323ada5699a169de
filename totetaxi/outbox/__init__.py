"""Work that must survive the request: messages to handlers, and scheduled jobs."""
