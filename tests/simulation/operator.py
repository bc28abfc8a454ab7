"""A person who goes through the dead letters: some are replayed, some discarded."""

import random

from service.ledger.database import Database, LedgerDown
from service.ledger.dead_letters import DeadLetters, Decision, NoSuchLetter, TooManyReplays, Which
from service.ledger.sealing import Seal

from .trace import Trace

DECISION = Decision("ada", "tried it")
MOST_REPLAYS = 3


class Operator:
    """Decides by dice, as `orderflex dead-letters` would have it carried out."""

    def __init__(self, database: Database, seal: Seal, trace: Trace) -> None:
        self._letters = DeadLetters(database, seal)
        self._trace = trace

    async def look_through(self, dice: random.Random) -> int:
        """Replay or discard most dead letters; gives how many."""
        done = 0
        try:
            for letter in await self._letters.find(Which()):
                if dice.random() < 0.8:
                    await self._decide(letter.sequence, str(letter.origin), dice)
                    done += 1
        except LedgerDown:
            self._trace.note("operator", "can't reach the ledger")
        return done

    async def _decide(self, sequence: int, origin: str, dice: random.Random) -> None:
        try:
            if dice.random() < 0.6:
                await self._letters.replay(sequence, DECISION, MOST_REPLAYS)
                self._trace.trouble("replay", "operator", origin)
            else:
                await self._letters.discard(sequence, DECISION)
                self._trace.trouble("discard", "operator", origin)
        except (NoSuchLetter, TooManyReplays) as error:
            self._trace.note("operator", f"{origin}: {type(error).__name__}")
