"""The browsable API for sockets: a page that lists every consumer and action, and talks to them."""
