"""Rooms, who may enter them, and what is said in them."""
