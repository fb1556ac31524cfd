"""The addresses below ``/api/``."""

from django.urls import path
from rest_framework.authtoken.views import ObtainAuthToken

from rooms.api.session import SessionView
from rooms.api.views import LineDetail, LineList, RoomDetail, RoomList, TypingView

urlpatterns = [
    path("session/", SessionView.as_view(), name="session"),
    path("token/", ObtainAuthToken.as_view(), name="token"),
    path("rooms/", RoomList.as_view(), name="rooms"),
    path("rooms/<int:pk>/", RoomDetail.as_view(), name="room"),
    path("rooms/<int:pk>/lines/", LineList.as_view(), name="lines"),
    path("rooms/<int:pk>/lines/<int:line_pk>/", LineDetail.as_view(), name="line"),
    path("rooms/<int:pk>/typing/", TypingView.as_view(), name="typing"),
]
