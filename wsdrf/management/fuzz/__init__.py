"""What ``manage.py wsdrf_fuzz`` does: hold generated conversations, and keep those that fail."""
