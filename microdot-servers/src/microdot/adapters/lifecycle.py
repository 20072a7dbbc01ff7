"""The start and the end of an application behind a server that is not the built-in one."""

import asyncio
from typing import Any, Optional

from ..cpython.discovery import warn_of_foreign
from ..helpers import invoke_handler, report
from .signals import Announcement


class Lifecycle:
    """Calls the lifecycle hooks of the plugins of an application, each once.

    :param app: the application.
    """

    def __init__(self, app: Any) -> None:
        self.app = app
        #: The start-up hooks have been called; requests can be handled.
        self.started = False
        self._starting: "Optional[asyncio.Task[None]]" = None
        self._error: Optional[BaseException] = None
        self._stopped = False
        self._draining = False

    async def _run(self, hook: str) -> None:
        plan = self.app._compile()
        if plan:
            await plan.run_lifecycle(hook)

    async def _start(self) -> None:
        try:
            warn_of_foreign()
            await self._run("microdot_startup")
        except Exception as error:
            self._error = error
        else:
            self._stopped = self._draining = False
            self.started = True

    async def start(self) -> None:
        """Call the start-up hooks, unless that has been done.

        :raises Exception: what one of them has raised, each time.
        """
        if self.started:
            return
        if self._error is None:
            if self._starting is None or self._starting.done():
                self._starting = asyncio.get_running_loop().create_task(self._start())
            # One request that is cancelled does not end what others wait for.
            await asyncio.shield(self._starting)
        if self._error is not None:
            raise self._error

    async def drain(self) -> None:
        """Call the drain hooks, unless that has been done."""
        if self.started and not self._draining:
            self._draining = True
            await self._run("microdot_drain")

    async def stop(self) -> None:
        """Call the shutdown hooks, unless that has been done."""
        if self.started and not self._stopped:
            self._stopped = True
            self.started = False
            await self._run("microdot_shutdown")

    async def serve_lifespan(
        self, scope: Any, receive: Any, send: Any, startup: Any, shutdown: Any
    ) -> None:
        """Speak the lifespan protocol of ASGI.

        :param scope: the scope.
        :param receive: the server's function to receive messages.
        :param send: the server's function to send messages.
        :param startup: called with the scope when the server starts, or None.
        :param shutdown: called with the scope when it ends, or None.
        """
        loop = asyncio.get_running_loop()
        tasks = []

        def announced() -> None:
            loop.call_soon_threadsafe(lambda: tasks.append(loop.create_task(self.drain())))

        announcement = Announcement(announced)
        try:
            await self._serve_lifespan(scope, receive, send, startup, shutdown, announcement)
        finally:
            announcement.end()

    async def _serve_lifespan(
        self, scope: Any, receive: Any, send: Any, startup: Any, shutdown: Any, announcement: Any
    ) -> None:
        while True:
            message = await receive()
            kind = message["type"] if message is not None else "lifespan.shutdown"
            if kind == "lifespan.startup":
                self._error = None
                error = await self._try(scope, self.start, startup)
                if error is None:
                    announcement.begin()
                await send(_result(kind, error))
            elif kind == "lifespan.shutdown":
                error = await self._try(scope, self.drain, shutdown)
                later = await self._try(scope, self.stop, None)
                await send(_result(kind, error or later))
                return

    async def _try(self, scope: Any, step: Any, callback: Any) -> Optional[Exception]:
        failure: Optional[Exception] = None
        try:
            await step()
        except Exception as error:
            failure = error
        if callback is not None and (failure is None or step != self.start):
            try:
                await invoke_handler(callback, scope)
            except Exception as error:
                failure = failure or error
        if failure is not None:
            report("Exception at the start or end of the application", failure)
        return failure


def _result(kind: str, error: Optional[Exception]) -> "dict[str, str]":
    if error is None:
        return {"type": kind + ".complete"}
    return {"type": kind + ".failed", "message": repr(error)}
