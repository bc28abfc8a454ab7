"""Processes end when they are told to, and with us, whatever becomes of us."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from demo.processes import ManagedProcess, ProcessError, free_port

PARENT = """
import signal, sys, threading, time
from pathlib import Path
from demo.processes import ManagedProcess
child = ManagedProcess(["sleep", "60"], log_file=Path(sys.argv[1]), name="child")
thread = threading.Thread(target=child.start)
thread.start(); thread.join()
print(child.pid, flush=True)
time.sleep(float(sys.argv[2]))
"""


def shell(script: str, tmp_path: Path) -> ManagedProcess:
    return ManagedProcess(["sh", "-c", script], log_file=tmp_path / "log", name="the shell")


def ended(pid: int, within: float = 5.0) -> bool:
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    return False


def test_what_it_says_is_logged_and_its_code_is_told(tmp_path: Path) -> None:
    process = shell("echo said; echo complained >&2; exit 3", tmp_path).start()
    assert process.wait(5) == 3
    assert (process.returncode, process.running, process.pid) == (3, False, None)
    assert process.tail() == "said\ncomplained"


def test_the_log_of_an_earlier_run_is_kept_but_not_shown(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("earlier\n")
    process = shell("echo later", tmp_path).start()
    process.wait(5)
    assert process.tail() == "later"
    assert process.log_file.read_text() == "earlier\nlater\n"


def test_its_death_while_we_wait_shows_the_end_of_its_log(tmp_path: Path) -> None:
    process = shell("echo why; exit 4", tmp_path).start()
    with pytest.raises(ProcessError, match=r"the shell ended with code 4 .*\n.*why"):
        process.wait_until(lambda: False, timeout=5)


def test_not_ready_in_time_is_an_error(tmp_path: Path) -> None:
    with shell("sleep 60", tmp_path) as process:
        with pytest.raises(ProcessError, match="not ready within"):
            process.wait_until(lambda: False, timeout=0.1)
        assert process.running
    assert process.returncode == -signal.SIGTERM


def test_an_unknown_command_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ProcessError, match="there is no command no-such-command"):
        ManagedProcess(["no-such-command"], log_file=tmp_path / "log", name="it").start()


def test_one_that_will_not_end_is_killed(tmp_path: Path) -> None:
    with shell("trap '' TERM; echo ready; while :; do sleep 0.05; done", tmp_path) as process:
        process.wait_until(lambda: "ready" in process.tail(), timeout=5)
        process.stop(timeout=0.2)
        assert process.returncode == -signal.SIGKILL


def test_a_paused_one_can_be_stopped(tmp_path: Path) -> None:
    with shell("sleep 60", tmp_path) as process:
        process.pause()
        process.stop(timeout=5)
        assert process.returncode == -signal.SIGTERM


def test_it_can_be_started_again_and_stopped_twice(tmp_path: Path) -> None:
    process = shell("sleep 60", tmp_path)
    process.stop()
    first = process.start().pid
    assert process.start().pid == first
    process.stop()
    process.stop()
    assert process.start().pid != first
    process.kill()
    process.kill()


def test_the_end_of_the_thread_that_started_it_does_not_end_it(tmp_path: Path) -> None:
    process = shell("sleep 60", tmp_path)
    thread = threading.Thread(target=process.start)
    thread.start()
    thread.join()
    try:
        assert process.pid is not None
        assert not ended(process.pid, within=0.5)
    finally:
        process.stop()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT, None])
def test_it_ends_with_us(how: signal.Signals | None, tmp_path: Path) -> None:
    seconds = "60" if how is not None else "0"
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path / "log"), seconds],
        env=os.environ | {"PYTHONPATH": str(Path.cwd())},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        if how is not None:
            os.killpg(parent.pid, how)
        parent.wait(10)
    assert parent.returncode == (-how if how is not None else 0)
    assert ended(pid)


def test_a_free_port_is_free_and_none_of_the_kernels_own() -> None:
    port = free_port()
    lowest = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    assert port < lowest
    with socket.socket() as server:
        server.bind(("127.0.0.1", port))
