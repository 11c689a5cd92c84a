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
BAD_FORM_CODES = ("ES", "L")
"""MT-SICS: not a command, and not a parameter."""


async def query(ask: Callable[[], Awaitable[T]]) -> T:
    """Ask up to three times until there is a valid answer.

    A complaint about the command's own form counts as no answer: on a line without
    checksums the command may have been damaged on its way.

    Raises:
        NoAnswerError: If none of the attempts was answered.
        RefusedError: If the instrument declines.
    """
    for _ in range(MAX_ATTEMPTS - 1):
        try:
            return await ask()
        except NoAnswerError:
            continue
        except RefusedError as refused:
            if refused.code not in BAD_FORM_CODES:
                raise
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
