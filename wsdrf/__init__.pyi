from wsdrf.access.authentication import AuthenticationResult as AuthenticationResult
from wsdrf.access.authentication import Authenticator as Authenticator
from wsdrf.access.carriers import AuthorizationHeader as AuthorizationHeader
from wsdrf.access.carriers import FirstMessage as FirstMessage
from wsdrf.access.carriers import QueryParameter as QueryParameter
from wsdrf.access.carriers import Subprotocol as Subprotocol
from wsdrf.connection.revocation import adisconnect as adisconnect
from wsdrf.connection.revocation import disconnect as disconnect
from wsdrf.consumer import Consumer as Consumer
from wsdrf.declare import loads as loads
from wsdrf.declare import on as on
from wsdrf.declare import receives as receives
from wsdrf.declare import requires as requires
from wsdrf.declare import throttle as throttle
from wsdrf.messages import message as message

__all__ = [
    "AuthenticationResult",
    "Authenticator",
    "AuthorizationHeader",
    "Consumer",
    "FirstMessage",
    "QueryParameter",
    "Subprotocol",
    "adisconnect",
    "disconnect",
    "loads",
    "message",
    "on",
    "receives",
    "requires",
    "throttle",
]
