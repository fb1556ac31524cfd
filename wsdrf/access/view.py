"""What a permission or throttle class gets as ``view``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from rest_framework.request import Request

from wsdrf.access.request import request_for_call
from wsdrf.exceptions import NotConnected

DEFAULTED: Final = frozenset({"authentication_classes", "permission_classes", "throttle_classes"})
"""What a consumer need not set, because ``REST_FRAMEWORK`` does."""


class View:
    """Stand where ``APIView`` stands over HTTP; made anew for each question that is asked of DRF.

    ``object_permissions`` are what is asked about an object. Every other attribute is the consumer's, so that
    what a class reads off its view (``queryset``, ``throttle_scope``, ``required_scopes``, ...) is declared there.
    """

    # A class may leave something on its view for the next one to find: it ends with the view.
    __slots__ = ("__dict__", "_call", "_request", "action", "consumer", "object_permissions")

    args: tuple[Any, ...] = ()

    def __init__(
        self, consumer: Any, request: Request | None, action: str | None, object_permissions: Sequence[Any] = ()
    ) -> None:
        self.consumer: Any = consumer
        self.action: str | None = action
        self.object_permissions: Sequence[Any] = object_permissions
        self._request = request
        #: Method and payload of the call whose view this is, until its request has been made.
        self._call: tuple[str, Any] | None = None

    @property
    def request(self) -> Request | None:
        """Give the request; that of a call is made when it is first looked at."""
        if self._call is not None and self._request is not None:
            self._request, self._call = request_for_call(self._request, *self._call), None
        return self._request

    @request.setter
    def request(self, request: Request) -> None:
        self._request, self._call = request, None

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if name in DEFAULTED:
            return getattr(self.consumer._caller.plan, name)
        return getattr(self.consumer, name)


def request_of(view: View) -> Request:
    """Give the request of ``view``. Raises ``NotConnected`` where there is none yet."""
    if view.request is None:
        raise NotConnected("There is no request before the connection is authenticated.")
    return view.request
