"""How a driver may repeat itself: the three classes of command.

A QUERY changes nothing and is asked up to three times. A SET is idempotent: it is
written, read back, and written again until both agree. An ACTION (dose, start, move)
is sent once and never again; when its answer is lost, a QUERY must tell what happened.
"""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from instruments.errors import NoAnswerError, RefusedError

T = TypeVar("T")

MAX_ATTEMPTS = 3


async def query(ask: Callable[[], Awaitable[T]]) -> T:
    """Ask up to three times until there is a valid answer.

    Raises:
        NoAnswerError: If none of the attempts was answered.
    """
    for _ in range(MAX_ATTEMPTS - 1):
        try:
            return await ask()
        except NoAnswerError:
            continue
    return await ask()


class Identity:
    """Whom a driver talks to: asked again after every new connection, before it acts.

    The first answer is kept to unless the lab file names the one to expect.
    """

    def __init__(
        self, name: str, ask: Callable[[], Awaitable[str]], *, expected: str = ""
    ) -> None:
        self._name = name
        self._ask = ask
        self._expected = expected
        self._checked_connection = 0

    async def check(self, connection: Callable[[], int]) -> str:
        """Return who answers; asks only if the connection is new.

        Args:
            connection: Returns the number of the present connection, 0 for none.

        Raises:
            RefusedError: If another device answers than before or than expected.
            NoAnswerError: If nobody answers.
        """
        if self._checked_connection and connection() == self._checked_connection:
            return self._expected
        found = await query(self._ask)
        if self._expected and found != self._expected:
            raise RefusedError(
                self._name,
                f"{found!r} answers where {self._expected!r} should; "
                "check the cable and `identity` in the lab file",
                code="identity",
            )
        self._expected = found
        self._checked_connection = connection()
        return found
