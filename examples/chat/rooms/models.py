"""Rooms, who belongs to them, and the lines that were said."""

from django.conf import settings
from django.db import models

MAX_LINE = 2000


class Room(models.Model):
    """A place to talk. Everybody who is signed in may listen in a public one; speaking takes membership."""

    name = models.CharField(max_length=80, unique=True)
    is_public = models.BooleanField(default=False, help_text="May everybody who is signed in come in and listen?")
    members = models.ManyToManyField(settings.AUTH_USER_MODEL, through="Membership", related_name="rooms")

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """That a user belongs to a room, and as what."""

    class Role(models.TextChoices):
        MEMBER = "member"
        MODERATOR = "moderator"

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=16, choices=Role.choices, default=Role.MEMBER)
    is_muted = models.BooleanField(default=False)

    class Meta:
        ordering = ["room", "user__username"]
        constraints = [models.UniqueConstraint(fields=["room", "user"], name="one_membership_per_room_and_user")]

    def __str__(self) -> str:
        return f"{self.user} in {self.room}"


class Line(models.Model):
    """Something that was said in a room."""

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="lines")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="lines")
    text = models.CharField(max_length=MAX_LINE)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.author}: {self.text[:40]}"
