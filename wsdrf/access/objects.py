"""Find objects as a DRF generic view does: one by its lookup, or not found."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.db.models import Manager, Model, QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404


def as_queryset(queryset: Any, owner: str) -> QuerySet[Any]:
    """Give a fresh QuerySet of a QuerySet, a Manager or a model class.

    Raises ``ImproperlyConfigured``, naming ``owner``, for anything else.
    """
    if isinstance(queryset, (QuerySet, Manager)):
        return queryset.all()
    if isinstance(queryset, type) and issubclass(queryset, Model):
        found: QuerySet[Any] = queryset._default_manager.all()
        return found
    raise ImproperlyConfigured(
        f"{owner} needs a queryset to find its object. Set `queryset` to a QuerySet, a Manager or a model class, "
        f"or override `get_queryset()` or `get_object()`."
    )


def find_object(queryset: QuerySet[Any], lookup: dict[str, Any]) -> Any:
    """Get the one object of ``queryset`` that matches ``lookup``.

    Raises ``Http404`` where there is none, or where a value does not fit its field. Source:
    ``rest_framework.generics.get_object_or_404``.
    """
    try:
        return get_object_or_404(queryset, **lookup)
    except (TypeError, ValueError, ValidationError, OverflowError):
        raise Http404 from None
