from wsdrf.testing.application import find_application as find_application
from wsdrf.testing.case import WebsocketTestCase as WebsocketTestCase
from wsdrf.testing.communicator import WebsocketCommunicator as WebsocketCommunicator
from wsdrf.testing.frames import Answer as Answer
from wsdrf.testing.matrix import aassert_permission_matrix as aassert_permission_matrix
from wsdrf.testing.matrix import assert_permission_matrix as assert_permission_matrix
from wsdrf.testing.server import Close as Close
from wsdrf.testing.server import Response as Response
from wsdrf.testing.signals import signals_delivered as signals_delivered

__all__ = [
    "Answer",
    "Close",
    "Response",
    "WebsocketCommunicator",
    "WebsocketTestCase",
    "aassert_permission_matrix",
    "assert_permission_matrix",
    "find_application",
    "signals_delivered",
]
