"""Build the documentation of wsdrf with Sphinx, from Markdown."""

from importlib.metadata import version as installed_version

project = "wsdrf"
author = "The wsdrf maintainers"
copyright = "2026, the wsdrf maintainers"  # noqa: A001 Sphinx names it so
release = version = installed_version("wsdrf")

extensions = ["myst_parser"]
myst_enable_extensions = ["colon_fence", "deflist", "smartquotes"]
myst_heading_anchors = 3
exclude_patterns = ["_build"]
nitpicky = True

html_theme = "furo"
html_title = f"wsdrf {release}"
html_copy_source = False
html_show_sphinx = False
