"""Django REST framework at the door: who is calling, and what they may do."""
