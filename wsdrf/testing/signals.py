"""Wait for the receivers of wsdrf's signals, which are called beside the connections."""

from __future__ import annotations

from wsdrf.connection.courier import signals_delivered

__all__ = ["signals_delivered"]
