"""The rooms as a Django app."""

from django.apps import AppConfig


class RoomsConfig(AppConfig):
    name = "rooms"
