"""Children that never outlive their parent, however the parent ends."""

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from core.embedded.places import Account

PR_SET_PDEATHSIG = 1
LINUX = sys.platform == "linux"
_libc = ctypes.CDLL(None, use_errno=True) if LINUX else None

# Where the kernel sends no signal at a parent's death (macOS), a helper holds the read end of a pipe; its end is the parent's death.
_WATCHDOG = """
import os, signal, sys, time
os.setsid()
sys.stdin.buffer.read()
pid, first = int(sys.argv[1]), int(sys.argv[2])
for number in (first, signal.SIGQUIT, signal.SIGKILL):
    try:
        os.kill(pid, number)
    except OSError:
        break
    time.sleep(3)
"""


def age() -> float:
    """Seconds since this process began, its own loading included; where the system does not tell (macOS), since Python counts."""
    if not LINUX:
        return time.process_time()
    ticks = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19])  # starttime, field 22 of proc(5)
    return time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")


def die_with_parent(number: int = signal.SIGKILL, *, parent: int | None = None) -> None:
    """Called in a child: get `number` when the parent (process `parent`, when known) dies.

    The kernel watches the thread that forked us, so children must be started from a thread that lives as long as its process; and it
    forgets the wish when credentials change, so this comes after a change of account.
    """
    expected = os.getppid() if parent is None else parent
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, number)
    else:
        threading.Thread(target=_watch_parent, args=(expected, number), daemon=True).start()
    if os.getppid() != expected:  # it died before we could ask
        os.kill(os.getpid(), number)


def _watch_parent(parent: int, number: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.3)
    os.kill(os.getpid(), number)


def spawn(command: Sequence[str | Path], *, as_account: Account, death: int, log: Path, stdin: bytes = b"") -> subprocess.Popen[bytes]:
    """Start a server as our direct child, in its own session (a Ctrl-C in the terminal is ours to pass on), ending with us."""
    parent = os.getpid()
    with log.open("ab") as output:
        child = subprocess.Popen(  # noqa: S603 - our own fixed commands
            [str(part) for part in command],
            cwd="/",
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            start_new_session=True,
            preexec_fn=_linux_death(death, parent),
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
            **as_account.arguments,
        )
    assert child.stdin is not None
    try:
        child.stdin.write(stdin)
        child.stdin.close()
    except BrokenPipeError:
        pass  # it refused to start; whoever waits for it reads the log
    if not LINUX:
        _watch_over(child.pid, death)
    return child


def _linux_death(death: int, parent: int) -> Callable[[], None] | None:
    return (lambda: die_with_parent(death, parent=parent)) if LINUX else None


def _watch_over(pid: int, death: int) -> None:
    reading, _writing = os.pipe()  # the writing end stays open in this process and nowhere else
    subprocess.Popen([sys.executable, "-c", _WATCHDOG, str(pid), str(int(death))], stdin=reading, cwd="/")  # noqa: S603
    os.close(reading)


def end(child: subprocess.Popen[bytes], *signals: int, patience: float) -> None:
    """Ask a child to end with each signal in turn, waiting `patience` seconds for each; SIGKILL is the last word."""
    for number in (*signals, signal.SIGKILL):
        if child.poll() is not None:
            return
        child.send_signal(number)
        try:
            child.wait(patience)
        except subprocess.TimeoutExpired:
            continue


def command_line(pid: int) -> str:
    """The command of a process, or nothing when there is no such process."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        if LINUX:
            return ""
    shown = subprocess.run(["/bin/ps", "-p", str(pid), "-o", "command="], capture_output=True, text=True, check=False)  # noqa: S603
    return shown.stdout.strip()
