"""Serve one contender on a free port of this machine: ``python serve.py SERVER NAME CORE``; prints the port."""

from __future__ import annotations

import os
import socket
import sys
from functools import partial
from typing import Any, Literal


def serve_with_uvicorn(loop: Literal["uvloop", "asyncio"], application: Any, listening: socket.socket) -> None:
    """Serve with uvicorn, with its implementation on ``websockets``' core without I/O."""
    import uvicorn

    config = uvicorn.Config(application, loop=loop, ws="websockets-sansio", log_level="error", lifespan="off")
    uvicorn.Server(config).run(sockets=[listening])


def serve_with_daphne(application: Any, listening: socket.socket) -> None:
    """Serve with daphne."""
    from daphne.server import Server

    # Twisted listens on a copy of the descriptor, so the socket must stay open here.
    endpoint = f"fd:fileno={listening.fileno()}"
    Server(application, endpoints=[endpoint], signal_handlers=False, ready_callable=None).run()


SERVERS = {
    # uvicorn takes uvloop by itself where it is installed, as ``uvicorn[standard]`` does.
    "uvicorn": partial(serve_with_uvicorn, "uvloop"),
    "uvicorn on asyncio": partial(serve_with_uvicorn, "asyncio"),
    "daphne": serve_with_daphne,
}


def main() -> None:
    """Serve until the process is ended."""
    server, name, core = sys.argv[1:]
    if core:
        os.sched_setaffinity(0, {int(core)})
    import project  # noqa: F401 - Django comes first
    from endpoints import endpoint

    listening = socket.create_server(("127.0.0.1", 0), backlog=2048)
    listening.setblocking(False)
    print(listening.getsockname()[1], flush=True)
    SERVERS[server](endpoint(name).application, listening)


if __name__ == "__main__":
    main()
