"""The HTTP side of the test suite; tests that need views set ``ROOT_URLCONF`` to a module of their own."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = []
