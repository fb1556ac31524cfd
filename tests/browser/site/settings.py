"""Django settings of the project whose explorer the tests open: not in DEBUG, so that the explorer is for staff."""

from __future__ import annotations

from tests.settings import *  # noqa: F403  # the settings of the suite, and what a page needs besides
from tests.settings import INSTALLED_APPS as APPS

INSTALLED_APPS = [*APPS, "django.contrib.staticfiles"]
ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = "tests.browser.site.urls"
ASGI_APPLICATION = "tests.browser.site.asgi.application"
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
STATIC_URL = "/static/"
LOGIN_URL = "/enter/boss/"
WSDRF_ASYNCAPI = {"TITLE": "Hall"}
