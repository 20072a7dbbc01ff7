"""One request of a WSGI server and its response, between the server's thread and the event loop."""

import asyncio
from contextvars import copy_context
from queue import Empty, SimpleQueue
from typing import Any, Coroutine, Optional

from microdot import Response
from microdot.cpython.compat import is_async
from microdot.cpython.worker import ARRIVAL
from microdot.errors import HTTPException
from microdot.framing import unsendable
from microdot.helpers import report

from .shared_loop import Job, SharedLoop, Turn
from .wsgi_request import WSGIRequest, receive, target
from .wsgi_response import Direct, Head, Pulled, Whole, frame

#: Bytes of a file read at a time.
FILE_PIECE = 65536


class Exchange:
    """A request and its response.

    :param adapter: the adapter.
    :param environ: the environ of the request.
    """

    #: The client has gone.
    lost = False
    #: The connection was taken over: its stream.
    taken: Any = None
    #: A socket that may be taken over.
    upgraded: Any = None
    #: The thread of the request has something to go on with.
    _ready = False
    _closed = False
    # The body waits until the server wants more of it.
    _paused = False
    #: Nobody is in the thread of the request any more to do a job.
    _over = False
    _turn: Optional[Turn] = None
    _inbox: "Optional[SimpleQueue[Optional[Job]]]" = None
    # What the coroutine left for the thread.
    _head: Optional[Head] = None
    _body: Any = None
    _chunk: Optional[bytes] = None
    _failure: Optional[BaseException] = None

    def __init__(self, adapter: Any, environ: Any) -> None:
        self.app = adapter.app
        self.loop: SharedLoop = adapter.loop
        self._adapter = adapter
        self._environ = environ
        error: Optional[HTTPException] = None
        url = "/"
        try:
            url = target(environ)
        except HTTPException as refused:
            error = refused
        self.request: Any = None
        if error is None:
            self.request = request = WSGIRequest(self.app, environ, url)
            request._connection = self
            error = receive(self, request)
        self._error = error

    # in the thread of the request

    def respond(self, start_response: Any) -> Any:
        """Have the request handled; return the body."""
        self._run(self._dispatch())
        if self.taken is not None:
            return self._adapter.handed_over(self._environ)
        body = self._body
        if isinstance(body, Direct):
            try:
                body.prepare()
            except Exception as error:
                body.close()
                self._run(self._refuse(error))
                body = self._body
        head = self._head
        assert head is not None
        start_response(*head)
        if body is None:
            return Pulled(head, self)
        # The request knows this exchange: a circle would keep both until the next collection.
        self.request = None
        return body

    def pull(self) -> Optional[bytes]:
        """Return the next piece of an asynchronous body, None at its end."""
        if not self._over:
            self._chunk = None
            self._resume()
            self._wait()
        return self._chunk

    def close(self) -> None:
        """Let an asynchronous body end; return when its clean-up is over."""
        if not self._over:
            self._closed = True
            self._resume()
            try:
                self._wait()
            except Exception as error:
                report("Exception while closing a response body", error)

    def abandon(self) -> None:
        """Let an asynchronous body end that nobody will close; do not wait for it."""
        if not self._over and self._turn is not None and not self.loop.is_closed():
            self._closed = True
            self.loop.call_soon_threadsafe(self._go_on)

    def _run(self, coro: "Coroutine[Any, Any, None]") -> None:
        # Drive a coroutine here as far as it goes without waiting; then the loop does.
        loop = self.loop
        self._ready = self._over = False
        if loop.enter():
            try:
                self._begin(coro, True)
            finally:
                loop.leave()
        else:
            self._inbox = SimpleQueue()
            self._adapter.exchanges.add(self)
            loop.call_soon_threadsafe(self._begin, coro, False)
        self._wait()

    def _begin(self, coro: "Coroutine[Any, Any, None]", here: bool) -> None:
        # In a turn of the loop, of this thread or its own.
        turn = self.loop.turn(self)
        try:
            ended = turn.start_here(coro) if here else turn.start(coro)
        except BaseException as error:
            if isinstance(error, asyncio.CancelledError):
                # A handler that is cancelled gets no answer, as on the built-in server.
                error = OSError(104, "the request was cancelled")
            self._failure = error
            ended = True
        if ended:
            self.loop.release(turn)
            self._finish()
        else:
            self._turn = turn
            if self._inbox is None:
                self._inbox = SimpleQueue()
            self._adapter.exchanges.add(self)

    def _resume(self) -> None:
        # Go on with a coroutine that waits for this.
        loop = self.loop
        self._ready = False
        if loop.enter():
            try:
                self._go_on()
            finally:
                loop.leave()
        else:
            loop.call_soon_threadsafe(self._go_on)

    def _go_on(self) -> None:
        # In a turn of the loop. It may have been cancelled meanwhile, and be on its way out.
        if self._paused and self._turn is not None:
            self._turn.resume()

    async def _pause(self) -> None:
        # Let the thread of the request have what there is, until it wants more.
        self._paused = True
        self._publish()
        try:
            await ARRIVAL
        finally:
            self._paused = False

    def _wait(self) -> None:
        # Do what is to be done in this thread until there is something for the server.
        while not (self._ready or self._over):
            assert self._inbox is not None
            try:
                job = self._inbox.get()
            except BaseException:
                # A server that interrupts its thread wants it back.
                self._over = self.lost = True
                self.loop.call_soon_threadsafe(self.cancel)
                raise
            if job is not None:
                self.loop.call_soon_threadsafe(job.settle, *job.call())
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure

    # in the loop

    def post(self, job: Job) -> None:
        """Have a job done in the thread of the request."""
        if self._over:
            job.settle(None, _too_late())
            return
        if self._inbox is None:
            self._inbox = SimpleQueue()
        self._inbox.put(job)

    def _publish(self) -> None:
        self._ready = True
        if self._inbox is not None:
            self._inbox.put(None)

    def _finish(self) -> None:
        self._over = True
        self._adapter.exchanges.discard(self)
        inbox = self._inbox
        if inbox is not None:
            try:
                while True:
                    job = inbox.get_nowait()
                    if job is not None:
                        job.settle(None, _too_late())
            except Empty:
                inbox.put(None)

    def cancel(self) -> None:
        """Cancel the handler or body."""
        if self._turn is not None:
            self._turn.task.cancel()

    def finished_late(self) -> None:
        """Take note that the coroutine has ended, after it had to wait."""
        turn, self._turn = self._turn, None
        self._finish()
        if turn is not None:
            self.loop.release(turn)

    def abort(self) -> None:
        """Take note that the coroutine has been cancelled or has failed."""
        if not self._over:
            self.lost = True
            self._failure = self._failure or OSError(104, "the request was cancelled")
            self._finish()

    async def _dispatch(self) -> None:
        try:
            await self._answer()
        except (SystemExit, KeyboardInterrupt) as error:
            # For the thread of the request; the loop has nothing to do with it.
            self._failure = error

    async def _answer(self) -> None:
        request = self.request
        if request is not None and "upgrade" in self._environ.get("HTTP_CONNECTION", "").lower():
            from .wsgi_socket import open_socket

            self.upgraded = await open_socket(self, self._environ)
        response = await self.app.dispatch_request(request, self._error)
        if self.upgraded is not None:
            if self.taken is not None:
                await self.taken.finish()
            await self.upgraded.finish()
        if self.taken is None:
            await self._send(response)

    async def _send(self, response: Response) -> None:
        request = self.request
        chunks: Any = None
        try:
            if response is Response.already_handled:
                raise TypeError(
                    "the handler returned Response.already_handled, but this server gave it no "
                    "connection to answer on; return a response"
                )
            body: Any = response.body
            if isinstance(body, str):  # a hook may have put it there
                response.body = body = body.encode()
            streamed = not (body is None or isinstance(body, bytes))
            if (
                streamed
                and not (hasattr(body, "__next__") or hasattr(body, "read"))
                or streamed
                and hasattr(body, "read")
                and is_async(body.read)  # pyright: ignore
            ):
                chunks = response.body_iter()
            self._head, whole = frame(request, response, streamed)
        except Exception as error:
            answer: Any = await unsendable(self, request, error, chunks)
            self._head, whole = answer
            streamed = False
        if not streamed:
            self._body = Whole((whole,)) if whole else Whole()
        elif response.is_head or response.status_code in (204, 304):
            self._body = Whole()
            await response.body_iter().aclose()
        elif chunks is None:
            self._body = self._plain(response)
        else:
            await self._stream(chunks)

    async def _refuse(self, error: Exception) -> None:
        answer: Any = await unsendable(self, self.request, error, None)
        self._head, whole = answer
        self._body = Whole((whole,))

    def _plain(self, response: Response) -> Any:
        body = response.body
        wrapper = self._environ.get("wsgi.file_wrapper")
        if wrapper is not None and getattr(body, "whole", False):
            # A file as it lies on the disk: the server may know a way to send it.
            try:
                body.fileno()
            except OSError:
                pass
            else:
                return wrapper(body, FILE_PIECE)
        size = FILE_PIECE if hasattr(body, "whole") else response.send_file_buffer_size
        assert self._head is not None
        return Direct(self._head, body, size, copy_context())

    async def _stream(self, chunks: Any) -> None:
        # Not a loop: what is not asked for is not made.
        self._body = None
        try:
            await self._pause()
            while not self._closed:
                try:
                    chunk = await chunks.__anext__()
                except StopAsyncIteration:
                    break
                if chunk:
                    self._chunk = chunk
                    await self._pause()
                    self._chunk = None
        except Exception as error:
            self._failure = error
        except asyncio.CancelledError:
            self._failure = OSError(104, "the request was cancelled")
            raise
        finally:
            try:
                await chunks.aclose()
            except Exception as error:
                report("Exception while closing a response body", error)
            finally:
                # Not when the task gets to it: the server waits.
                self._finish()
                self.request = None

    # what the rest of the framework asks of a connection

    def frame(self, request: Any, response: Response, chunks: Any) -> Any:
        """Return head and body of a response to an error."""
        return frame(request, response, False)

    def has_ready(self, request: Any, response: Response) -> bool:
        """Tell whether the message for an untouched file response is ready to be sent."""
        return False

    def take_over(self) -> Any:
        """Return the (reader, writer) pair of the connection, where the server gives it away."""
        if self.upgraded is not None:
            return self.upgraded.streams()
        from .wsgi_socket import NoSocket

        return NoSocket((None, None))


def _too_late() -> OSError:
    return OSError(104, "the response is complete; read the body before that")
