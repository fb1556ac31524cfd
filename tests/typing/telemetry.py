"""What type checkers make of ``wsdrf.telemetry``: never run; each mistake below is an error to mypy and to pyright."""

from __future__ import annotations

from typing_extensions import assert_type, override

from wsdrf.telemetry import CallRecord, ConnectionRecord, Observer


class Slow(Observer):
    @override
    def handled(self, call: CallRecord) -> None:
        assert_type(call.action, str)
        assert_type(call.duration, float)
        assert_type(call.items, int | None)
        assert_type(call.connection, ConnectionRecord)
        _ = call.payload  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]  # nobody is told what was said

    @override
    def disconnected(self, connection: ConnectionRecord) -> None:
        assert_type(connection.close_code, int | None)
        assert_type(connection.header("user-agent"), str | None)
        connection.header(b"user-agent")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # a header's name is a str

    @override
    def ended(self, call: CallRecord) -> None:  # type: ignore[misc]  # pyright: ignore[reportGeneralTypeIssues]  # there is no such moment
        ...
