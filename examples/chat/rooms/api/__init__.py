"""The rooms over REST."""
