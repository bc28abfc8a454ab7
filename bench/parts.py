"""CPU time of each part of a measurement, from /proc: who used how much of the machine."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

OURS = "sender and listener"

_TICKS = os.sysconf("SC_CLK_TCK")


class Parts:
    """The parts by name, each one or more processes with all their descendants."""

    def __init__(self, pids: Mapping[str, Sequence[int]]) -> None:
        self._pids = pids

    def cpu_seconds(self) -> dict[str, float]:
        """CPU seconds each part has used so far, ours among them."""
        times, children = _processes()
        own = os.times()
        used = {
            name: sum(_tree(pid, times, children) for pid in pids)
            for name, pids in self._pids.items()
        }
        return {**used, OURS: own.user + own.system}


def _processes() -> tuple[dict[int, float], dict[int, list[int]]]:
    """CPU seconds of every process (with its children that have ended), and who started whom."""
    times: dict[int, float] = {}
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:  # it has ended meanwhile
            continue
        pid = int(stat.parent.name)
        times[pid] = sum(int(ticks) for ticks in fields[11:15]) / _TICKS
        children.setdefault(int(fields[1]), []).append(pid)
    return times, children


def _tree(pid: int, times: Mapping[int, float], children: Mapping[int, list[int]]) -> float:
    own = times.get(pid, 0.0)
    return own + sum(_tree(child, times, children) for child in children.get(pid, ()))
