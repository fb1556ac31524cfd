"""Write a schema in the JSON Schema that AsyncAPI reads: Draft 7, where arrays of fixed length are said otherwise."""

from __future__ import annotations

from typing import Any, Final

from wsdrf.schema.leaves import Schema

DIALECT: Final = "http://json-schema.org/draft-07/schema#"

_ONE: Final = ("items", "additionalProperties", "propertyNames", "not")
_MANY: Final = ("anyOf", "oneOf", "allOf", "prefixItems")
_NAMED: Final = ("properties",)


def as_draft_7(schema: Any) -> Any:
    """Give ``schema``, of Draft 2020-12, in Draft 7: ``prefixItems`` becomes ``items``, ``items`` ``additionalItems``.

    Only schemas are looked into, never the values of ``const``, ``enum`` or ``default``.
    """
    if not isinstance(schema, dict):
        return schema  # true or false
    written: Schema = {keyword: _written(keyword, value) for keyword, value in schema.items()}
    if "prefixItems" in written:
        rest = written.pop("items", None)
        written["items"] = written.pop("prefixItems")
        if rest is not None:
            written["additionalItems"] = rest
    return written


def _written(keyword: str, value: Any) -> Any:
    if keyword in _ONE:
        return as_draft_7(value)
    if keyword in _MANY:
        return [as_draft_7(each) for each in value]
    if keyword in _NAMED:
        return {name: as_draft_7(each) for name, each in value.items()}
    return value
