"""Settings from files: one file for each, as Kubernetes and Docker mount secrets."""

from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from service.settings.kinds import Seconds

USUAL_PLACE = Path("/run/secrets/orderflex")


class SecretFileSettings(BaseModel):
    """Where the files are."""

    secrets_dir: Path = Field(
        default=USUAL_PLACE,
        description="Folder with a file for each setting that is to be read from one, named as the "
        "setting (ORDERFLEX_PRO_KEY). The usual one may be missing.",
    )
    secrets_every: Seconds = Field(
        default=5, description="How often to see whether such a file, or a certificate, is new."
    )


class UnreadableSecret(Exception):
    """A file, or the folder, can't be read; the text says which."""


class SecretFiles(PydanticBaseSettingsSource):
    """Reads the files of the folder. The line break at the end of a file is not meant."""

    def __init__(self, settings_cls: type[BaseSettings]) -> None:
        super().__init__(settings_cls)
        self._prefix = str(settings_cls.model_config.get("env_prefix", ""))

    def get_field_value(
        self,
        field: FieldInfo,  # noqa: ARG002 - the base class asks for it
        field_name: str,
    ) -> tuple[Any, str, bool]:
        """Read the file of one setting; None without one."""
        return self._read(self._folder() / self._file_name(field_name)), field_name, False

    def __call__(self) -> dict[str, Any]:
        """Read all of them. Raises UnreadableSecret."""
        folder = self._folder()
        try:
            is_there = folder.is_dir()
        except OSError as error:
            why = f"{folder} can't be read ({error.strerror})"
            raise UnreadableSecret(f"ORDERFLEX_SECRETS_DIR: {why}") from None
        if not is_there:
            if "secrets_dir" in self.current_state:
                raise UnreadableSecret("ORDERFLEX_SECRETS_DIR: there is no such folder")
            return {}
        values = {
            name: self._read(folder / self._file_name(name))
            for name in self.settings_cls.model_fields
        }
        return {name: value for name, value in values.items() if value is not None}

    def _folder(self) -> Path:
        return Path(self.current_state.get("secrets_dir") or USUAL_PLACE)

    def _file_name(self, field_name: str) -> str:
        return f"{self._prefix}{field_name.upper()}"

    def _read(self, path: Path) -> str | None:
        try:
            return path.read_bytes().decode().rstrip("\r\n")
        except FileNotFoundError:
            return None
        except OSError as error:
            raise UnreadableSecret(
                f"{path.name}: {path} can't be read ({error.strerror})"
            ) from None
        except UnicodeDecodeError:
            raise UnreadableSecret(f"{path.name}: {path} is no UTF-8") from None
