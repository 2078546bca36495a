"""Leaving on request: SIGTERM, SIGINT, or the end of stdin (the parent is gone, however it died)."""

import contextlib
import os
import signal
import stat
import sys
import threading
from collections.abc import Callable

EXIT_LEFT = 75  # EX_TEMPFAIL: nothing is wrong, start me again


class StopRequest:
    """Set once, from any thread. Before `defer()` it ends the process at once, since there is nothing to save."""

    def __init__(self) -> None:
        self._requested = threading.Event()
        self._act: Callable[[], None] = lambda: os._exit(EXIT_LEFT)
        self.reason = ""

    def defer(self, act: Callable[[], None] = lambda: None) -> None:
        """From here on a request only calls `act`; the caller polls `requested` and leaves by itself."""
        self._act = act
        if self.requested:
            act()

    @property
    def requested(self) -> bool:
        return self._requested.is_set()

    def request(self, reason: str) -> None:
        if self.requested:
            return
        self.reason = reason
        self._requested.set()
        self._act()

    def listen(self) -> None:
        """Starts listening to signals and, when it is a pipe or socket, to the end of stdin."""
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda number, _frame: self.request(signal.Signals(number).name))
        mode = os.fstat(0).st_mode if _is_open(0) else 0
        if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode):
            threading.Thread(target=self._read_stdin, name="stdin", daemon=True).start()

    def _read_stdin(self) -> None:
        while True:
            try:
                if not os.read(0, 4096):
                    break
            except OSError:
                break
        # The reader of stderr is gone as well when the parent was killed.
        with contextlib.suppress(OSError):
            print("stdin ended: leaving", file=sys.stderr)
        self.request("stdin ended")


def _is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True
