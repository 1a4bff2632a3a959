"""Running the sandbox: in the foreground until a signal, or in a thread of a test."""

import asyncio
import logging
import signal
import threading
from types import TracebackType

from aiohttp import web

from gateway.sandbox.app import create_app
from gateway.sandbox.control.answers import WORLD
from gateway.sandbox.options import SandboxOptions

BACKLOG = 4096
# A request whose answer never comes would hold the end up; it is cut off after this.
SHUTDOWN_SECONDS = 0.5
START_SECONDS = 10.0

log = logging.getLogger(__name__)


class _Served:
    """The application on its socket, within one running loop."""

    def __init__(self, options: SandboxOptions) -> None:
        self._options = options
        self._app = create_app(options)
        self._runner = web.AppRunner(self._app, access_log=None, shutdown_timeout=SHUTDOWN_SECONDS)
        self.port = 0

    async def open(self) -> None:
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._options.host, self._options.port, backlog=BACKLOG, reuse_address=True)
        try:
            await site.start()
        except OSError:
            await self._runner.cleanup()
            raise
        self.port = int(self._runner.addresses[0][1])

    async def close(self) -> None:
        stopping = self._app[WORLD].stopping
        if stopping is not None:
            stopping.set()
        await self._runner.cleanup()


def serve(options: SandboxOptions) -> None:
    """Serve until SIGTERM or SIGINT."""
    logging.basicConfig(level=options.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s %(message)s")
    asyncio.run(_serve(options))


async def _serve(options: SandboxOptions) -> None:
    asked_to_stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, asked_to_stop.set)
    served = _Served(options)
    await served.open()
    log.info("sandbox_listening host=%s port=%s", options.host, served.port)
    print(f"Twilio sandbox on http://{options.host}:{served.port}/", flush=True)  # noqa: T201
    await asked_to_stop.wait()
    await served.close()


class RunningSandbox:
    """A sandbox in a thread. A context manager; `stop` may be called more than once."""

    def __init__(self, options: SandboxOptions) -> None:
        self._options = options
        self._ready = threading.Event()
        self._failure: BaseException | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self.port = 0
        self._thread = threading.Thread(target=self._run, name="sandbox", daemon=True)

    @property
    def url(self) -> str:
        return f"http://{self._options.host}:{self.port}"

    def start(self) -> "RunningSandbox":
        """Returns when requests are answered. Raises what kept it from starting."""
        self._thread.start()
        if not self._ready.wait(START_SECONDS):
            raise TimeoutError("the sandbox did not start")
        if self._failure is not None:
            raise self._failure
        return self

    def stop(self) -> None:
        if self._loop is not None and self._stop is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(START_SECONDS)

    def __enter__(self) -> "RunningSandbox":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def _run(self) -> None:
        try:
            asyncio.run(self._live())
        except OSError as failure:
            self._failure = failure
        finally:
            self._ready.set()

    async def _live(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        served = _Served(self._options)
        await served.open()
        self.port = served.port
        self._ready.set()
        await self._stop.wait()
        await served.close()


def start_in_thread(options: SandboxOptions) -> RunningSandbox:
    """A sandbox that answers when this returns; port 0 takes a free one."""
    return RunningSandbox(options).start()
