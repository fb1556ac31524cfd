"""Channels at the door: the generated consumer, and the life of one connection."""
