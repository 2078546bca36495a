"""What a process says to its parent: one JSON document a line on the real stdout, everything else on stderr."""

import json
import os
import sys
import threading
from collections.abc import Callable

from .processes import rank


class EventStream:
    """Owns file descriptor 1: from now on libraries that print do so on stderr."""

    def __init__(self, on_reader_gone: Callable[[], None] = lambda: None) -> None:
        self.descriptor = os.dup(1)
        os.dup2(2, 1)
        sys.stdout = sys.stderr
        self._lock = threading.Lock()
        self.on_reader_gone = on_reader_gone

    def emit(self, event: str, **fields: object) -> None:
        """
        Writes one event; of a job's several processes the first tells, and the others only what went wrong. A reader
        that went away is reported once to `on_reader_gone`, not raised.
        """
        if rank() > 0 and event != "error":
            return
        line = memoryview((json.dumps({"event": event, **fields}, ensure_ascii=False) + "\n").encode())
        with self._lock:
            try:
                while line:
                    line = line[os.write(self.descriptor, line) :]
            except BrokenPipeError:
                self.on_reader_gone()
