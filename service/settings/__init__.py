"""Every setting: from the environment (`ORDERFLEX_…`), else a `.env` file, else a file of its own.

Times are in seconds.

Only wiring and the CLI read this package; everyone else is handed small frozen policies.
"""

from collections.abc import Mapping
from typing import Self

from pydantic import BaseModel, ValidationError, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from service.settings.attention import AttentionSettings
from service.settings.flow import FlowSettings
from service.settings.intake import IntakeSettings
from service.settings.kafka import KafkaSettings
from service.settings.kafka_security import KafkaSecuritySettings
from service.settings.ledger import LedgerSettings
from service.settings.outcomes import OutcomeSettings
from service.settings.page import PageSettings
from service.settings.pro import ProSettings
from service.settings.secret_files import SecretFiles, SecretFileSettings, UnreadableSecret
from service.settings.serving import ServingSettings
from service.settings.tracing import TracingSettings

GROUPS: Mapping[str, type[BaseModel]] = {
    "Kafka": KafkaSettings,
    "Kafka's security": KafkaSecuritySettings,
    "PRO": ProSettings,
    "How the steps are done": FlowSettings,
    "Ledger": LedgerSettings,
    "Intake": IntakeSettings,
    "What needs attention": AttentionSettings,
    "Outcome events and papers": OutcomeSettings,
    "The service itself": ServingSettings,
    "The operator page": PageSettings,
    "Traces": TracingSettings,
    "Settings from files": SecretFileSettings,
}
"""The groups of settings by their headings, as people are shown them."""


class Settings(
    KafkaSettings,
    KafkaSecuritySettings,
    ProSettings,
    FlowSettings,
    LedgerSettings,
    IntakeSettings,
    AttentionSettings,
    OutcomeSettings,
    ServingSettings,
    PageSettings,
    TracingSettings,
    SecretFileSettings,
    BaseSettings,
):
    """All settings; each is `ORDERFLEX_` and its name in capitals."""

    model_config = SettingsConfigDict(
        env_prefix="ORDERFLEX_", env_file=".env", extra="ignore", hide_input_in_errors=True
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - ours takes its place
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Name the sources; the first that has a setting wins."""
        return (init_settings, env_settings, dotenv_settings, SecretFiles(settings_cls))

    @model_validator(mode="after")
    def _groups_fit_together(self) -> Self:
        if self.lease <= 2 * self.pro_deadline:
            raise ValueError("ORDERFLEX_LEASE must be longer than two ORDERFLEX_PRO_DEADLINE")
        if self.papers_inline_bytes > self.max_event_bytes // 2:
            raise ValueError(
                "ORDERFLEX_PAPERS_INLINE_BYTES must be at most half of ORDERFLEX_MAX_EVENT_BYTES"
            )
        return self


class BadSettings(Exception):
    """The settings can't be used; the text says which and why, without their values."""


def load() -> Settings:
    """Read the settings; raises BadSettings."""
    try:
        return Settings()
    except UnreadableSecret as error:
        raise BadSettings(str(error)) from None
    except ValidationError as error:
        lines = []
        for fault in error.errors(include_url=False, include_context=False, include_input=False):
            name = "_".join(str(part) for part in fault["loc"][:1]).upper()
            said = fault["msg"].removeprefix("Value error, ")
            inside = ".".join(str(part) for part in fault["loc"][1:])
            said = f"{inside} {said}" if inside else said
            lines.append(f"ORDERFLEX_{name}: {said}" if name else said)
        raise BadSettings("\n".join(lines)) from None
