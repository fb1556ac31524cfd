"""The demo as a project: its settings, its URLs, its ASGI application."""
