"""The ledger."""

from pydantic import BaseModel, Field, SecretStr

from service.settings.kinds import Count, Listed, Seconds


class LedgerSettings(BaseModel):
    """Where the ledger is, and what seals it."""

    ledger_url: SecretStr = Field(
        default=SecretStr("sqlite+aiosqlite:///var/ledger.sqlite"),
        description="sqlite+aiosqlite:///PATH or postgresql+asyncpg://USER:PASSWORD@HOST/NAME.",
    )
    ledger_pool_size: Count = Field(
        default=10, description="Connections to PostgreSQL; SQLite always has one."
    )
    ledger_timeout: Seconds = Field(default=15, description="Of one statement.")
    payload_keys: Listed[SecretStr] = Field(
        default=(),
        description="Fernet keys that seal parked events and outcomes, comma-separated; the first "
        "seals, all open. Make one with `orderflex ledger new-key`.",
    )
