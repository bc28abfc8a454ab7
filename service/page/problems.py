"""What went wrong, as a page tells it: what, and what to do about it. Never in detail."""

from dataclasses import dataclass
from http import HTTPStatus

import structlog
from aiokafka.errors import KafkaError

from service.ledger.attention import NoSuchItem
from service.ledger.database import Contended, LedgerDown, LedgerNotReady
from service.ledger.dead_letters import NoSuchLetter, TooManyReplays
from service.ledger.sealing import SealBroken
from service.papers.paper import NotThere
from service.people.asking import NothingRefused, NotServing
from service.people.cursors import BadCursor
from service.people.reading import Unknown

_TITLES = {
    HTTPStatus.BAD_REQUEST: "That can’t be understood",
    HTTPStatus.FORBIDDEN: "Not done",
    HTTPStatus.NOT_FOUND: "Not found",
    HTTPStatus.METHOD_NOT_ALLOWED: "Not done",
    HTTPStatus.REQUEST_TIMEOUT: "Not done",
    HTTPStatus.CONFLICT: "It can’t be done now",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "Too much",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "That can’t be read",
    HTTPStatus.TOO_MANY_REQUESTS: "Please wait a moment",
    HTTPStatus.SERVICE_UNAVAILABLE: "Not available for the moment",
    HTTPStatus.INTERNAL_SERVER_ERROR: "Something went wrong here",
}


class Problem(Exception):
    """A page can't be shown, or an action not be done."""

    def __init__(
        self, status: HTTPStatus, what: str, do: str = "", retry_after: int | None = None
    ) -> None:
        """`what` happened, and what to `do` about it, each as a sentence."""
        super().__init__(what)
        self.status = status
        self.what = what
        self.do = do
        self.retry_after = retry_after

    @property
    def title(self) -> str:
        """In a few words."""
        return _TITLES.get(self.status, "That does not work")


@dataclass(frozen=True)
class _Told:
    """How errors of some kinds are told."""

    kinds: tuple[type[Exception], ...]
    status: HTTPStatus
    what: str
    """`{error}` is the error's own text, `{Error}` with a capital; neither holds personal data."""
    do: str = ""
    retry_after: int | None = None


NOTHING_DONE = (LedgerDown, LedgerNotReady, Contended)
"""What is asked for stands in the ledger before it is done: without it nothing is, or it is
refused the second time."""

_TOLD = (
    _Told(
        (Unknown,),
        HTTPStatus.NOT_FOUND,
        "{Error}.",
        "Search for it by another of its names: the order’s, a pick’s, EO-…, EC-…, or a tracking "
        "reference. What was published just now may take some seconds.",
    ),
    _Told(
        (NoSuchLetter,),
        HTTPStatus.NOT_FOUND,
        "{Error}.",
        "Somebody may have been faster: look at the order’s timeline.",
    ),
    _Told(
        (NoSuchItem,),
        HTTPStatus.NOT_FOUND,
        "This is not on the list any more.",
        "Somebody may have been faster, or it has settled itself.",
    ),
    _Told(
        (NotThere,),
        HTTPStatus.NOT_FOUND,
        "The paper can’t be opened: {error}.",
        "Look at the store of papers and its rights (docs/operator-page.md).",
    ),
    _Told((BadCursor,), HTTPStatus.BAD_REQUEST, "This page of the list does not exist."),
    _Told(
        (NothingRefused, TooManyReplays),
        HTTPStatus.CONFLICT,
        "{Error}.",
        "Look at its timeline: it may have moved on.",
    ),
    _Told((SealBroken,), HTTPStatus.CONFLICT, "{Error}.", "Tell whoever keeps the service’s keys."),
    _Told(
        NOTHING_DONE,
        HTTPStatus.SERVICE_UNAVAILABLE,
        "The ledger can’t be asked now: the service’s database does not answer.",
        "Nothing is lost: events wait in Kafka. Load the page again in a minute; if it stays so, "
        "tell whoever runs the database.",
        retry_after=10,
    ),
    _Told(
        (NotServing, KafkaError, TimeoutError),
        HTTPStatus.SERVICE_UNAVAILABLE,
        "Kafka has not acknowledged it: perhaps it was done, perhaps not.",
        "Look at the timeline before you ask for it again.",
        retry_after=10,
    ),
)


def problem_of(error: Exception) -> Problem:
    """Say an error as a problem; what nobody has thought of is logged by its name alone."""
    if isinstance(error, Problem):
        return error
    for told in _TOLD:
        if isinstance(error, told.kinds):
            text = str(error)
            what = told.what.format(error=text, Error=f"{text[:1].upper()}{text[1:]}")
            return Problem(told.status, what, told.do, told.retry_after)
    structlog.get_logger("page").error("a bug", error=type(error).__name__)
    return Problem(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "That is a fault of this service, not yours.",
        "Its log says where it happened. The command line may still do it: see docs/operations.md.",
    )
