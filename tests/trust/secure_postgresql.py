"""A real PostgreSQL with TLS and users who have to show who they are."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.engine import make_url

from demo import postgresql as machine
from demo.postgresql import Postgresql, running_postgresql

from .certificates import Authority, Certificate

PASSWORD = "let-the-ledger-in"


@dataclass(frozen=True)
class SecurePostgresql:
    """A PostgreSQL that lets people in by TLS alone, with a password or a certificate."""

    port: int
    authority: Authority
    client: Certificate
    plain: Postgresql

    def url(self, user: str, database: str = "postgres", **options: str) -> str:
        """A ledger's URL; `options` stand behind the ?."""
        url = make_url(f"postgresql+asyncpg://{user}@127.0.0.1:{self.port}/{database}")
        return url.update_query_dict(options).render_as_string(hide_password=False)


BY_PASSWORD = f"by_password:{PASSWORD}"
BY_CERTIFICATE = "by_certificate"


@contextmanager
def running_secure_postgresql(folder: Path) -> Iterator[SecurePostgresql]:
    """Start one of its own; its certificates and keys lie in `folder`."""
    authority = Authority(folder)
    with running_postgresql(use_given=False) as postgresql:
        _secure(postgresql, authority)
        port = make_url(postgresql.url).port
        assert port is not None
        client = authority.certificate(BY_CERTIFICATE, "c@x.example")
        yield SecurePostgresql(port, authority, client, postgresql)


def _secure(postgresql: Postgresql, authority: Authority) -> None:
    """Give it a certificate and users, and let those in by TLS alone."""
    assert postgresql._server is not None
    data = postgresql._server._data
    identity = authority.certificate("postgresql", "127.0.0.1")
    url = make_url(postgresql.url)
    for statement in (
        f"CREATE ROLE by_password LOGIN SUPERUSER PASSWORD '{PASSWORD}'",
        "CREATE ROLE by_certificate LOGIN SUPERUSER",
        "ALTER SYSTEM SET ssl = on",
        "ALTER SYSTEM SET ssl_ca_file = 'clients.crt'",
    ):
        machine._execute(url, statement)
    for name, content in {
        "server.crt": identity.chain.read_bytes(),
        "server.key": identity.key.read_bytes(),
        "clients.crt": authority.file.read_bytes(),
        "pg_hba.conf": (
            b"host all orderflex 127.0.0.1/32 trust\n"
            b"hostssl all by_password,replaced 127.0.0.1/32 scram-sha-256\n"
            b"hostssl all by_certificate 127.0.0.1/32 cert\n"
        ),
    }.items():
        (data / name).write_bytes(content)
        (data / name).chmod(0o600)
        os.chown(data / name, data.stat().st_uid, data.stat().st_gid)
    postgresql.restart()
