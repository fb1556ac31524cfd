"""Django signals that tell what becomes of connections and calls.

The ``sender`` is the consumer class. Receivers get plain facts as keyword arguments: no consumer, no user, no scope, no
payload. They are called beside the connections, one signal after the other; a receiver that is ``def`` may block.

Each has ``connection_id`` (``str``) and ``user_pk`` (the user's primary key, or ``None``).
"""

from __future__ import annotations

from typing import Final

from django.dispatch import Signal

__all__ = ["connected", "disconnected", "handled", "refused"]

connected: Final = Signal()
"""A client was let in, and told so."""

refused: Final = Signal()
"""A client was not let in. ``status_code`` (``int``) and ``code`` (``str``) say why, as DRF does.

A connection is ``connected``, or ``refused``, or neither where the client left before it was decided; never both.
"""

handled: Final = Signal()
"""A call has ended, however it did: sent once for each call whose turn had come.

``action`` (``str``) is ``"wsdrf.unknown"`` for any that the consumer does not have. ``status_code`` (``int``) and
``code`` (``str``) are those of the error that answered it, 200 and ``"ok"`` where none did, 499 and ``"cancelled"``
where it was ended before. ``duration`` is in seconds. ``items`` is how many a stream has sent, ``None`` for what is no
stream.
"""

disconnected: Final = Signal()
"""A connection has ended that was ``connected``: sent once. ``close_code`` (``int``) and ``duration`` in seconds."""
