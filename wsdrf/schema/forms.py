"""Write the one canonical form of each kind of text value as a pattern, for every JSON Schema tool alike."""

from __future__ import annotations

from typing import Any, Final

from wsdrf.schema.ecma import END, SPACE
from wsdrf.schema.shapes import TextForm
from wsdrf.schema.undescribed import Undescribed, leave_out

_LEAP: Final = "(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)-02-29"
_DAY: Final = (
    "(?!0000)(?:[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
    f"|02-(?:0[1-9]|1[0-9]|2[0-8]))|{_LEAP})"
)
_CLOCK: Final = "(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
_SECONDS: Final = r"(?:(?:[1-9]|[1-5][0-9])(?:\.[0-9]{0,5}[1-9])?|0\.[0-9]{0,5}[1-9])S"
_HOURS: Final = f"(?:(?:[1-9]|1[0-9]|2[0-3])H)?(?:(?:[1-9]|[1-5][0-9])M)?(?:{_SECONDS})?"

_PATTERNS: Final[dict[str, str]] = {
    "base64": "(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?",
    "date-time": _DAY + "T" + _CLOCK + r"(?:\.(?:[0-9]{3}|[0-9]{6}))?(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])",
    "date": _DAY,
    "time-local": _CLOCK + r"(?:\.(?!000000)[0-9]{6})?",
    "duration": f"(?:PT0S|(?!-P999999999DT)-?P(?:[1-9][0-9]{{0,8}}D(?:T(?=[0-9]){_HOURS})?|T(?=[0-9]){_HOURS}))",
    "decimal": r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?",
    "uuid": "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}",
}
_FORMATS: Final = ("date-time", "date", "uuid")
"""Those that JSON Schema has under this name and means the same. Its ``duration`` has no sign and no fraction."""

INTEGER_KEY: Final = f"^(?:0|-?[1-9][0-9]{{0,18}}){END}"
"""An integer as the key of an object; of 19 digits a few are beyond 64 bits."""


def form_schema(shape: TextForm) -> dict[str, Any]:
    """Write the schema of a text form, as exactly as it can be said."""
    pattern = _decimal(shape) if shape.max_digits is not None else _PATTERNS[shape.format]
    schema: dict[str, Any] = {"type": "string"}
    if shape.format == "base64":
        schema["contentEncoding"] = "base64"
    else:
        schema["format" if shape.format in _FORMATS else "x-wsdrf-format"] = shape.format
    schema["pattern"] = f"^{pattern}{END}"
    _limit_bytes(schema, shape)
    if shape.format == "date-time":
        leave_out(schema, Undescribed.YEARS)
    for name in ("ge", "gt", "le", "lt"):
        if (bound := getattr(shape, name)) is not None:
            leave_out(schema, Undescribed.RANGE, f"{name} {bound}")
    return schema


def trimmed_pattern(least: int) -> str:
    """Write the pattern of a text that has ``least`` characters, at least 1, without the white space at its ends."""
    inside = rf"[\s\S]{{{least - 2},}}[^{SPACE}]" if least > 1 else ""
    return f"[^{SPACE}]{inside}"


def _decimal(shape: TextForm) -> str:
    places = shape.decimal_places or 0
    whole = (shape.max_digits or 0) - places
    if not whole:
        return rf"-?0\.[0-9]{{1,{places}}}"
    fraction = rf"(?:\.[0-9]{{1,{places}}})?" if places else ""
    return f"-?(?:0|[1-9][0-9]{{0,{whole - 1}}}){fraction}"


def _limit_bytes(schema: dict[str, Any], shape: TextForm) -> None:
    """Limit the text of some bytes: four characters write one, two or three of them."""
    least, most = shape.min_length, shape.max_length
    if least:
        schema["minLength"] = -(-least // 3) * 4
        if least % 3 != 1:
            leave_out(schema, Undescribed.LENGTH, f"at least {least} bytes")
    if most is not None:
        schema["maxLength"] = -(-most // 3) * 4
        if most % 3:
            leave_out(schema, Undescribed.LENGTH, f"at most {most} bytes")
