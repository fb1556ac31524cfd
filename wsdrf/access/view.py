"""What a permission or throttle class gets as ``view``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rest_framework.request import Request

DEFAULTED = frozenset({"authentication_classes", "permission_classes", "throttle_classes"})
"""What a consumer need not set, because ``REST_FRAMEWORK`` does."""


class View:
    """Stand where ``APIView`` stands over HTTP; made anew for each question that is asked of DRF.

    ``object_permissions`` are what is asked about an object. Every other attribute is the consumer's, so that
    what a class reads off its view (``queryset``, ``throttle_scope``, ``required_scopes``, ...) is declared there.
    """

    # A class may leave something on its view for the next one to find: it ends with the view.
    __slots__ = ("__dict__", "action", "args", "consumer", "kwargs", "object_permissions", "request")

    def __init__(
        self, consumer: Any, request: Request | None, action: str | None, object_permissions: Sequence[Any] = ()
    ) -> None:
        self.consumer = consumer
        self.request = request
        self.action = action
        self.object_permissions = object_permissions
        self.kwargs = consumer.kwargs
        self.args: tuple[Any, ...] = ()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if name in DEFAULTED:
            return getattr(self.consumer._caller.plan, name)
        return getattr(self.consumer, name)
