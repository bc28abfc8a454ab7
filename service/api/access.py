"""Who may use the API: a token for each name."""

from collections.abc import Mapping

from pydantic import SecretStr

from service.people.tokens import Tokens

SCHEME = "bearer"


class Access:
    """Knows whose token a request carries."""

    def __init__(self, tokens: Mapping[str, SecretStr]) -> None:
        self._tokens = Tokens(tokens)

    def use(self, tokens: Mapping[str, SecretStr]) -> None:
        """Let these in from now on, and nobody else."""
        self._tokens.use(tokens)

    def who(self, authorization: str | None) -> str | None:
        """Give the name whose token an Authorization header carries; None for any other."""
        scheme, _, token = (authorization or "").partition(" ")
        who = self._tokens.whose(token.strip())
        return who if scheme.lower() == SCHEME else None
