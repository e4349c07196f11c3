"""Where a checkout keeps its services, and which account runs them.

Normally everything is in the checkout's own `.run/`. Two things can force a second place under /var/tmp/xinqiao-<uid>/: servers started by
root run as `nobody`, who may not be able to enter the checkout; and a Unix socket's path may not exceed about 100 bytes.
Nothing outside these two folders is ever created, and no mode or owner outside them is ever changed.
"""

import hashlib
import os
import pwd
import stat
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

CHECKOUT = Path(__file__).resolve().parent.parent.parent
SOCKET_PATH_BYTES_MAX = 100
SHARED_TEMPORARY = Path("/var/tmp")  # noqa: S108 - our folder in it is checked for its owner before every use


class UnableToStart(Exception):
    """The embedded services cannot be used; the message says what to do, in one line."""


class Account(NamedTuple):
    """Who the servers run as: the arguments of `subprocess` that make it so."""

    uid: int
    gid: int
    arguments: dict[str, Any]


class Places(NamedTuple):
    """The folders of one checkout's services: `private` ones belong to the servers' account."""

    root: Path
    postgres: Path
    valkey: Path
    sockets: Path

    @property
    def private(self) -> tuple[Path, Path, Path]:
        return self.postgres, self.valkey, self.sockets


def home() -> Path:
    """The checkout's run folder (XINQIAO_HOME overrides it). Not created here."""
    return Path(os.environ.get("XINQIAO_HOME") or CHECKOUT / ".run").absolute()


def make_home() -> Path:
    """Create the run folder. For root it may be entered, not listed, by the servers' account; what is secret in it has its own mode."""
    path = home()
    try:
        for folder in reversed([path, *path.parents]):  # `parents=True` would forget the mode of all but the last
            if not folder.exists():
                folder.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, exist_ok=True)
    except OSError as error:
        raise UnableToStart(f"The run folder {path} cannot be created: {error.strerror}.") from error
    return path


def account() -> Account:
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid(), {})
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError as error:
        raise UnableToStart("PostgreSQL refuses to run as root and this machine has no account `nobody`; start as an ordinary user.") from error
    return Account(nobody.pw_uid, nobody.pw_gid, {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []})


def may_enter(path: Path, *, uid: int, gid: int) -> bool:
    """Whether this account can reach `path` through every folder above it that exists already."""
    for folder in [path, *path.parents]:
        try:
            found = folder.stat()
        except FileNotFoundError:
            continue
        except OSError:
            return False
        wanted = stat.S_IXUSR if found.st_uid == uid else stat.S_IXGRP if found.st_gid == gid else stat.S_IXOTH
        if not found.st_mode & wanted:
            return False
    return True


def outside() -> Path:
    """Our one folder outside the checkout."""
    return SHARED_TEMPORARY / f"xinqiao-{os.geteuid()}"


def make_outside() -> Path:
    """Create our folder outside, and refuse it if anybody else owns it or may write into it."""
    path = outside()
    path.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, exist_ok=True)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise UnableToStart(f"{path} belongs to somebody else or others may write into it; remove it and start again.")
    return path


@cache
def _places(home_path: Path, uid: int) -> Places:
    as_account = account()
    keyed = outside() / hashlib.sha256(os.fsencode(home_path)).hexdigest()[:12]
    reachable = uid != 0 or may_enter(home_path, uid=as_account.uid, gid=as_account.gid)
    root = home_path if reachable else keyed
    sockets = root / "s"
    if len(os.fsencode(sockets / ".s.PGSQL.5432.lock")) > SOCKET_PATH_BYTES_MAX:
        sockets = keyed / "s"
    return Places(root=root, postgres=root / "pg", valkey=root / "kv", sockets=sockets)


def places() -> Places:
    """The folders of this checkout's services: the same answer whether they run, have never run, or cannot."""
    return _places(home(), os.geteuid())


def make_places() -> Places:
    """Create the folders, private to the servers' account."""
    make_home()
    found = places()
    for folder in found.private:
        if folder.is_relative_to(outside()):
            make_outside()
            folder.parent.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        if os.geteuid() == 0:
            os.chown(folder, account().uid, account().gid, follow_symlinks=False)
    return found
