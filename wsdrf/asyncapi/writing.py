"""Write a document as text: JSON, or YAML where PyYAML is installed."""

from __future__ import annotations

import json
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final

from wsdrf.exceptions import ConfigurationError

HAS_YAML: Final = find_spec("yaml") is not None


def write_json(document: dict[str, Any]) -> str:
    """Write JSON, indented, in the order of the document."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def write_yaml(document: dict[str, Any]) -> str:
    """Write YAML, in the order of the document. Raises ``ConfigurationError`` where PyYAML is not installed."""
    if not HAS_YAML:
        raise ConfigurationError("YAML is written by PyYAML, which is not installed. pip install 'wsdrf[yaml]'.")
    text: str = import_module("yaml").safe_dump(document, sort_keys=False, allow_unicode=True, width=120)
    return text
