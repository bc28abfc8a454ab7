"""Processes that never outlive us: how the demo and the tests run a broker, a database, a service.

Every process gets a session of its own, so that Ctrl-C in the terminal reaches only us and we
stop the others in our order. On Linux the kernel signals it when we die in any way, SIGKILL
included. Elsewhere only an ordinary exit stops it.
"""

import atexit
import os
import pwd
import queue
import random
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from types import TracebackType
from typing import IO, Self

# Runs in the child between fork and exec, in an interpreter of its own: a preexec_fn would run
# in a copy of our threaded process and may deadlock. The order matters: a change of user clears
# the parent-death signal, and a parent that died before prctl() is seen by getppid() only.
# As the other user this Python's own files may be out of reach, so ctypes is imported first.
_LAUNCHER = """
import os, sys
if sys.platform == "linux":
    import ctypes
parent, death_signal, uid, gid, executable = sys.argv[1:6]
if int(uid) >= 0:
    os.setgroups([]); os.setgid(int(gid)); os.setuid(int(uid))
if sys.platform == "linux":
    ctypes.CDLL(None, use_errno=True).prctl(1, int(death_signal), 0, 0, 0)
    if os.getppid() != int(parent):
        sys.exit("the parent is gone")
os.execv(executable, sys.argv[6:])
"""


class ProcessError(RuntimeError):
    """A process could not be started, died, or was not ready in time; shows its log's end."""


class _Spawner:
    """One thread that starts all processes and lives as long as we do.

    The parent-death signal comes when the *thread* that started the process ends, so a process
    started by `asyncio.to_thread` would otherwise be killed at any time.
    """

    def __init__(self) -> None:
        self._jobs: queue.SimpleQueue[
            tuple[Callable[[], subprocess.Popen[bytes]], Future[subprocess.Popen[bytes]]]
        ] = queue.SimpleQueue()
        threading.Thread(target=self._run, name="spawner", daemon=True).start()

    def spawn(self, make: Callable[[], subprocess.Popen[bytes]]) -> subprocess.Popen[bytes]:
        done: Future[subprocess.Popen[bytes]] = Future()
        self._jobs.put((make, done))
        return done.result()

    def _run(self) -> None:
        while True:
            make, done = self._jobs.get()
            try:
                done.set_result(make())
            except BaseException as error:  # noqa: BLE001 - handed to the caller
                done.set_exception(error)
            del make, done


_spawner: _Spawner | None = None
_spawner_lock = threading.Lock()
_started: weakref.WeakSet["ManagedProcess"] = weakref.WeakSet()


def _the_spawner() -> _Spawner:
    global _spawner
    with _spawner_lock:
        if _spawner is None:
            _spawner = _Spawner()
        return _spawner


def _forget_after_fork() -> None:
    """A forked copy has neither our threads nor our children."""
    global _spawner, _spawner_lock
    _spawner, _spawner_lock = None, threading.Lock()
    _started.clear()


os.register_at_fork(after_in_child=_forget_after_fork)


@atexit.register
def _stop_all() -> None:
    for process in list(_started):
        process.stop()


class ManagedProcess:
    """One process, its log and its end. All methods block: from a coroutine, `to_thread` them.

    `args` is the command (the first is looked up on PATH), `env` the whole environment (default:
    ours), `log_file` gets stdout and stderr appended, `name` is for people. `user` runs it as
    another user (we must be root). `stop_signal` asks it to end; `death_signal` is what the
    kernel sends it when we die.
    """

    def __init__(
        self,
        args: Sequence[str | os.PathLike[str]],
        *,
        log_file: Path,
        name: str,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        user: str | None = None,
        stop_signal: signal.Signals = signal.SIGTERM,
        death_signal: signal.Signals = signal.SIGKILL,
    ) -> None:
        self.args = [os.fspath(arg) for arg in args]
        self.log_file = log_file
        self.name = name
        self._env = dict(env) if env is not None else None
        self._cwd = cwd
        self._user = user
        self._stop_signal = stop_signal
        self._death_signal = death_signal
        self._popen: subprocess.Popen[bytes] | None = None
        self._log_start = 0

    @property
    def pid(self) -> int | None:
        """The process's id while it runs."""
        return self._popen.pid if self._popen is not None and self.running else None

    @property
    def running(self) -> bool:
        """Whether it was started and has not ended (a paused one runs)."""
        return self._popen is not None and self._popen.poll() is None

    @property
    def returncode(self) -> int | None:
        """The exit code, minus the signal if one ended it; None before the end."""
        return self._popen.poll() if self._popen is not None else None

    def start(self) -> Self:
        """Start it, again if it has ended. ProcessError when the command isn't there."""
        if self.running:
            return self
        executable = shutil.which(self.args[0], path=(self._env or os.environ).get("PATH"))
        if executable is None:
            raise ProcessError(f"{self.name}: there is no command {self.args[0]}")
        self.log_file.parent.mkdir(parents=True, exist_ok=True)
        with self.log_file.open("ab") as log:
            self._log_start = log.tell()
            self._popen = _the_spawner().spawn(lambda: self._spawn(executable, log))
        _started.add(self)
        return self

    def _spawn(self, executable: str, log: IO[bytes]) -> subprocess.Popen[bytes]:
        user = pwd.getpwnam(self._user) if self._user is not None else None
        uid, gid = (user.pw_uid, user.pw_gid) if user is not None else (-1, -1)
        launch = [os.getpid(), int(self._death_signal), uid, gid, Path(executable).absolute()]
        return subprocess.Popen(  # noqa: S603 - what our callers ask for, no shell
            [sys.executable, "-I", "-S", "-c", _LAUNCHER, *map(str, launch), *self.args],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=self._env,
            cwd=self._cwd,
            start_new_session=True,
        )

    def wait(self, timeout: float) -> int:
        """Wait for its end, at most `timeout` seconds, and return its exit code."""
        if self._popen is None:
            raise ProcessError(f"{self.name} was never started")
        try:
            return self._popen.wait(timeout)
        except subprocess.TimeoutExpired:
            raise self.failed(f"did not end within {timeout:g} s") from None

    def wait_until(
        self, ready: Callable[[], bool], timeout: float, *, interval: float = 0.05
    ) -> None:
        """Ask `ready` every `interval` seconds; ProcessError on its death or after `timeout` s."""
        deadline = time.monotonic() + timeout
        while not ready():
            if not self.running:
                raise self.failed(f"ended with code {self.returncode} before it was ready")
            if time.monotonic() > deadline:
                raise self.failed(f"was not ready within {timeout:g} s")
            time.sleep(interval)

    def stop(self, timeout: float = 10.0) -> None:
        """Ask it to end, wait at most `timeout` seconds, then kill it. Fine if it has ended."""
        if self._popen is None:
            return
        if self.running:
            self._popen.send_signal(self._stop_signal)
            self.resume()
            try:
                self._popen.wait(timeout)
            except subprocess.TimeoutExpired:
                self.kill()
        _started.discard(self)

    def kill(self) -> None:
        """SIGKILL to it and its process group, as a crash would be; returns once it is gone."""
        if self._popen is None or not self.running:
            return
        # A group of its own exists only once the launcher called setsid(), which Popen awaits.
        os.killpg(self._popen.pid, signal.SIGKILL)
        self._popen.wait()
        _started.discard(self)

    def pause(self) -> None:
        """SIGSTOP: alive, its connections open, but it answers nothing."""
        if self._popen is not None:
            self._popen.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT: go on after a pause."""
        if self._popen is not None:
            self._popen.send_signal(signal.SIGCONT)

    def tail(self, lines: int = 30) -> str:
        """The last lines this run has logged."""
        if not self.log_file.exists():
            return ""
        with self.log_file.open("rb") as log:
            log.seek(self._log_start)
            text = log.read().decode(errors="replace")
        return "\n".join(text.splitlines()[-lines:])

    def failed(self, what: str) -> ProcessError:
        """An error that says what happened and shows the log's end."""
        shown = self.tail() or "(nothing was logged)"
        return ProcessError(f"{self.name} {what}. The end of {self.log_file}:\n{shown}")

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()


def free_port(host: str = "127.0.0.1") -> int:
    """A TCP port nobody listens on, below the range the kernel gives to outgoing connections.

    A port of that range could be taken by a client's connection while its server is down for a
    moment, or a client that reconnects to it could even be connected to itself.
    """
    for port in random.sample(range(15_000, 32_000), 200):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                continue
            return port
    raise ProcessError(f"no free TCP port between 15000 and 32000 on {host}")


def listening(host: str, port: int) -> bool:
    """Whether something accepts TCP connections there now."""
    try:
        with socket.create_connection((host, port), timeout=1.0):
            return True
    except OSError:
        return False
