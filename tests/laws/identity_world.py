"""The people of the law of identity: their rows and credentials, and the model, which knows who may what."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

from attrs import define, field
from django.contrib.auth.models import Group, Permission, User
from django.contrib.sessions.models import Session
from django.test import Client
from knox.models import AuthToken
from rest_framework.authtoken.models import Token
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken
from rest_framework_simplejwt.tokens import SlidingToken

KINDS = ("session", "token", "knox", "jwt")
RIGHTS = {"members": "view_group", "speakers": "add_group"}
"""Whose group has which right. Members are let in; speakers may more."""

PAST = datetime(2020, 1, 1, tzinfo=timezone.utc)


@define(eq=False)
class Person:
    """A user: ``pk`` of the row, and what is true of it. ``password`` counts how often it was changed."""

    pk: int
    groups: set[str]
    is_active: bool = True
    exists: bool = True
    password: int = 0

    @property
    def row(self) -> Any:
        return User.objects.get(pk=self.pk)

    @property
    def rows(self) -> Any:
        return User.objects.filter(pk=self.pk)


@define(eq=False)
class Credential:
    """What a client shows to be ``person``. ``text`` is what it sends; a session knows its password."""

    kind: str
    person: Person
    text: str
    browser: Client | None = None
    password: int = 0
    is_good: bool = True

    @property
    def holds(self) -> bool:
        """Tell whether it lets the person be known at this moment."""
        person = self.person
        knows = self.kind != "session" or self.password == person.password
        return self.is_good and person.exists and person.is_active and knows


@define(eq=False)
class World:
    """Everything that is true, in the database and here. Each method changes both, and says whom a signal told.

    ``None`` stands for nobody, a person for all their connections, a credential for those that it opened.
    """

    people: list[Person] = field(factory=list)
    credentials: list[Credential] = field(factory=list)
    barred: set[str] = field(factory=set)

    def begin(self) -> None:
        """Make three people out of nothing: two who speak, and one who may only come in."""
        for model in (BlacklistedToken, OutstandingToken, AuthToken, Token, Session):
            model.objects.all()._raw_delete("default")
        User.objects.all().delete()
        Group.objects.all().delete()
        for name, right in RIGHTS.items():
            Group.objects.create(name=name).permissions.add(Permission.objects.get(codename=right))
        self.people = [
            self._born({"members", "speakers"}),
            self._born({"members", "speakers"}),
            self._born({"members"}),
        ]

    def born_again(self, slot: int) -> None:
        """Let a newcomer take the place of a user who was deleted."""
        if not self.people[slot].exists:
            self.people[slot] = self._born({"members", "speakers"})

    def _born(self, groups: set[str]) -> Person:
        user = User.objects.create(username=f"user-{User.objects.count()}-{len(self.credentials)}")
        user.username = f"user-{user.pk}"  # so that an answer tells whom it was made for
        user.save()
        user.groups.set(Group.objects.filter(name__in=groups))
        return Person(user.pk, set(groups))

    # -- what is true ------------------------------------------------------------------------------------------------

    def has(self, person: Person, group: str) -> bool:
        return person.exists and person.is_active and group in person.groups - self.barred

    # -- credentials -------------------------------------------------------------------------------------------------

    def show(self, slot: int, kind: str, *, new: bool = True) -> Credential | None:
        """Give a credential of a person: a new one, or else the newest there is, which may be good no more."""
        person = self.people[slot]
        known = [one for one in self.credentials if one.person is person and one.kind == kind]
        if known and (not new or not person.exists):
            return known[-1]
        if not person.exists:
            return None
        credential = getattr(self, f"_new_{kind}")(person)
        if credential not in self.credentials:
            self.credentials.append(credential)
        return credential

    def _new_session(self, person: Person) -> Credential:
        browser = Client()
        browser.force_login(person.row)
        return Credential("session", person, browser.cookies["sessionid"].value, browser, person.password)

    def _new_token(self, person: Person) -> Credential:
        token, _ = Token.objects.get_or_create(user_id=person.pk)  # a user has one at a time
        known = [one for one in self.credentials if one.text == token.key]
        return known[0] if known else Credential("token", person, token.key)

    def _new_knox(self, person: Person) -> Credential:
        _, text = AuthToken.objects.create(user=person.row)
        return Credential("knox", person, text)

    def _new_jwt(self, person: Person) -> Credential:
        return Credential("jwt", person, str(SlidingToken.for_user(person.row)))

    # -- losses ------------------------------------------------------------------------------------------------------

    def lose(self, what: str, slot: int, *, silently: bool) -> Person | Credential | World | None:
        """Let something be lost; give whom a signal has told of it: ``self`` stands for everybody."""
        person = self.people[slot]
        if not person.exists:
            return None
        told = LOSSES[what](self, person, silently)
        return None if silently else told

    def _touch(self, person: Person, silently: bool) -> Any:
        if silently:
            person.rows.update(first_name="x")
        else:
            person.row.save()
        return person

    def _deactivate(self, person: Person, silently: bool) -> Any:
        person.is_active = False
        self._set(person, silently, is_active=False)
        return person

    def _change_password(self, person: Person, silently: bool) -> Any:
        person.password += 1
        self._set(person, silently, password=f"password-{person.password}")
        return person

    def _set(self, person: Person, silently: bool, **values: Any) -> None:
        if silently:
            person.rows.update(**values)
            return
        row = person.row
        for name, value in values.items():
            setattr(row, name, value)
        row.save(update_fields=list(values))

    def _delete(self, person: Person, silently: bool) -> Any:
        person.exists = False
        if not silently:
            person.row.delete()
            return person
        rows = person.rows
        for related in (Token, AuthToken):
            related.objects.filter(user__in=rows)._raw_delete("default")
        OutstandingToken.objects.filter(user__in=rows).update(user=None)
        User.groups.through.objects.filter(user__in=rows)._raw_delete("default")
        rows._raw_delete("default")
        return person

    def _log_out(self, person: Person, silently: bool) -> Any:
        one = self._last(person, "session")
        if one is None or one.browser is None or not one.is_good:
            return None
        told = one if one.holds else None  # of a session that is good no more, Django does not tell
        one.is_good = False
        if silently:
            Session.objects.filter(pk=one.text)._raw_delete("default")
        else:
            one.browser.logout()
        return told

    def _delete_tokens(self, person: Person, silently: bool) -> Any:
        return self._drop(Token, person, "token", silently)

    def _delete_knox(self, person: Person, silently: bool) -> Any:
        return self._drop(AuthToken, person, "knox", silently)

    def _drop(self, model: Any, person: Person, kind: str, silently: bool) -> Any:
        for one in self.credentials:
            if one.person is person and one.kind == kind:
                one.is_good = False
        rows = model.objects.filter(user_id=person.pk)
        if not rows.exists():
            return None
        if silently:
            rows._raw_delete("default")
        else:
            rows.delete()
        return person

    def _blacklist(self, person: Person, silently: bool) -> Any:
        one = self._last(person, "jwt")
        if one is None or not one.is_good:
            return None
        one.is_good = False
        if silently:
            outstanding = OutstandingToken.objects.get(token=one.text)
            BlacklistedToken.objects.bulk_create([BlacklistedToken(token=outstanding)])
        else:
            SlidingToken(one.text, verify=False).blacklist()
        return person

    def _lose_credentials(self, person: Person, silently: bool) -> Any:
        """Lose what the person has shown last: by a logout, by deleting a token, by blacklisting one."""
        shown = [one for one in self.credentials if one.person is person]
        kind = shown[-1].kind if shown else "token"
        lose = {
            "session": self._log_out,
            "token": self._delete_tokens,
            "knox": self._delete_knox,
            "jwt": self._blacklist,
        }
        return lose[kind](person, silently)

    def _expire(self, person: Person, silently: bool) -> Any:
        """Let the time of sessions and tokens be over; no signal tells of it."""
        for one in self.credentials:
            if one.person is person and one.kind in {"session", "knox"}:
                one.is_good = False
                Session.objects.filter(pk=one.text).update(expire_date=PAST)
        AuthToken.objects.filter(user_id=person.pk).update(expiry=PAST)

    def _demote(self, group: str) -> Callable[[Person, bool], Any]:
        def demote(person: Person, silently: bool) -> Any:
            if group not in person.groups:
                return None
            person.groups.discard(group)
            row = Group.objects.get(name=group)
            if silently:
                User.groups.through.objects.filter(user_id=person.pk, group=row)._raw_delete("default")
            elif person.password % 2:  # from either side of the relation
                row.user_set.remove(person.pk)
            else:
                person.row.groups.remove(row)
            return person

        return demote

    def _bar(self, group: str) -> Callable[[Person, bool], Any]:
        def bar(person: Person, silently: bool) -> Any:
            if group in self.barred:
                return None
            self.barred.add(group)
            rights = Group.permissions.through.objects.filter(group__name=group)
            if silently:
                rights._raw_delete("default")
            else:
                Group.objects.get(name=group).permissions.clear()
            return self

        return bar

    def _last(self, person: Person, kind: str) -> Credential | None:
        return next((one for one in reversed(self.credentials) if one.person is person and one.kind == kind), None)

    # -- and what comes back -----------------------------------------------------------------------------------------

    def give_back(self, slot: int, *, silently: bool) -> Person | World | None:
        """Make a person active, a member and a speaker again; their lost credentials stay lost."""
        person = self.people[slot]
        if not person.exists:
            return None
        person.is_active, person.groups = True, set(RIGHTS)
        self._set(person, silently, is_active=True)
        for group in Group.objects.all():
            if silently:
                User.groups.through.objects.get_or_create(user_id=person.pk, group=group)
            else:
                person.row.groups.add(group)
            if group.name in self.barred:
                group.permissions.add(Permission.objects.get(codename=RIGHTS[group.name]))
        told: Any = self if self.barred else None if silently else person
        self.barred = set()
        return told


LOSSES: dict[str, Callable[[World, Person, bool], Any]] = {
    "nothing": World._touch,
    "is_active": World._deactivate,
    "password": World._change_password,
    "user": World._delete,
    "credentials": lambda world, person, silently: world._lose_credentials(person, silently),
    "time": World._expire,
    "members": lambda world, person, silently: world._demote("members")(person, silently),
    "speakers": lambda world, person, silently: world._demote("speakers")(person, silently),
    "right of members": lambda world, person, silently: world._bar("members")(person, silently),
    "right of speakers": lambda world, person, silently: world._bar("speakers")(person, silently),
}
