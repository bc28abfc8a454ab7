"""Settings from files: one a setting, as Kubernetes mounts them."""

from pathlib import Path

import pytest

from service.settings import BadSettings, load


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of secrets; the working folder is another."""
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setenv("ORDERFLEX_SECRETS_DIR", str(secrets))
    return secrets


def mounted(folder: Path, generation: str, **files: str) -> None:
    """Replace the files as Kubernetes does: all at once, behind a link."""
    real = folder / f"..{generation}"
    real.mkdir()
    for name, content in files.items():
        (real / name).write_text(content)
        if not (folder / name).is_symlink():
            (folder / name).symlink_to(f"..data/{name}")
    (folder / "..new").symlink_to(real.name)
    (folder / "..new").replace(folder / "..data")


def test_a_setting_is_read_from_the_file_of_its_name(folder: Path) -> None:
    mounted(
        folder,
        "1",
        ORDERFLEX_PRO_KEY="a key\n",
        ORDERFLEX_PAYLOAD_KEYS="one,two\r\n",
        ORDERFLEX_HTTP_PORT="81",
        something_else="x",
    )
    settings = load()
    assert settings.pro_key.get_secret_value() == "a key"
    assert [key.get_secret_value() for key in settings.payload_keys] == ["one", "two"]
    assert settings.http_port == 81


def test_only_the_line_break_at_the_end_is_not_meant(folder: Path) -> None:
    (folder / "ORDERFLEX_KAFKA_PASSWORD").write_text(" a b \n")
    (folder / "ORDERFLEX_KAFKA_USERNAME").write_text("me")
    (folder / "ORDERFLEX_KAFKA_SASL_MECHANISM").write_text("PLAIN")
    (folder / "ORDERFLEX_KAFKA_SECURITY_PROTOCOL").write_text("SASL_SSL")
    assert load().kafka_password.get_secret_value() == " a b "


def test_the_environment_goes_before_env_before_files(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "ORDERFLEX_PRO_KEY").write_text("from its file")
    assert load().pro_key.get_secret_value() == "from its file"
    Path(".env").write_text("ORDERFLEX_PRO_KEY=from .env\n")
    assert load().pro_key.get_secret_value() == "from .env"
    monkeypatch.setenv("ORDERFLEX_PRO_KEY", "from the environment")
    assert load().pro_key.get_secret_value() == "from the environment"


def test_the_folder_may_be_named_in_env(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ORDERFLEX_SECRETS_DIR")
    (folder / "ORDERFLEX_PRO_KEY").write_text("from its file")
    assert not load().pro_key.get_secret_value(), "the usual folder is not there"
    Path(".env").write_text(f"ORDERFLEX_SECRETS_DIR={folder}\n")
    assert load().pro_key.get_secret_value() == "from its file"


def test_what_can_not_be_read_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "ORDERFLEX_PRO_KEY").write_bytes(b"\xff\xfe CANARY")
    with pytest.raises(BadSettings, match=r"ORDERFLEX_PRO_KEY: .* is no UTF-8") as refused:
        load()
    assert "CANARY" not in str(refused.value)
    (folder / "ORDERFLEX_PRO_KEY").unlink()
    (folder / "ORDERFLEX_PRO_KEY").mkdir()
    with pytest.raises(BadSettings, match=r"ORDERFLEX_PRO_KEY: .*Is a directory"):
        load()
    monkeypatch.setenv("ORDERFLEX_SECRETS_DIR", str(folder / "nowhere"))
    with pytest.raises(BadSettings, match="ORDERFLEX_SECRETS_DIR: there is no such folder"):
        load()


def test_a_value_that_is_wrong_is_named_without_itself(folder: Path) -> None:
    (folder / "ORDERFLEX_PRO_KEY").write_text("two\nlines CANARY")
    with pytest.raises(BadSettings, match="ORDERFLEX_PRO_KEY: must be one line") as refused:
        load()
    assert "CANARY" not in str(refused.value)
