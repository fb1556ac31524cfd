"""Build the documentation of wsdrf with Sphinx, from Markdown."""

from importlib.metadata import version as installed_version

import django
from django.conf import settings

# autodoc imports what it documents, and some of that wants the settings of a project.
settings.configure(INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "rest_framework", "wsdrf"])
django.setup()

project = "wsdrf"
author = "The wsdrf maintainers"
copyright = "2026, the wsdrf maintainers"  # noqa: A001 Sphinx names it so
release = version = installed_version("wsdrf")

extensions = ["myst_parser", "sphinx.ext.autodoc"]
autodoc_class_signature = "separated"
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
# Types stand in signatures as they are written; most are other projects', and none is a link.
nitpick_ignore_regex = [("py:.*", ".*")]
myst_enable_extensions = ["colon_fence", "deflist", "smartquotes"]
myst_heading_anchors = 3
exclude_patterns = ["_build"]
nitpicky = True

html_theme = "furo"
html_title = f"wsdrf {release}"
html_copy_source = False
html_show_sphinx = False
