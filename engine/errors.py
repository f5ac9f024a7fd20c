"""What can go wrong, as data (Problem) and as exceptions; each knows its exit code.

EngineError                     exit 1
├── ManifestError               exit 3   files or settings are invalid; carries every problem
├── ApiError                    exit 1   a server refused or failed one call
│   ├── AuthenticationError     exit 4   credentials are refused
│   ├── BudgetError             exit 5   retries or the rate budget are spent
│   ├── IncompleteReadError     exit 1   a list was not read to its end
│   ├── PartialError            exit 1   2xx, but the body says that not all was done
│   └── UnknownOutcomeError     exit 1   the answer was lost: it may have happened
├── StaleError              exit 7   a saved plan is damaged, or not for this place or this state
├── ExpiredError            exit 9   a saved plan is too old
├── ReadOnlyError               exit 70  a read-only command tried to write: a bug
├── LockedError                 exit 10  another apply holds the lock
└── DeclinedError               exit 11  the operator answered no
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, order=True)
class Location:
    """A place in a file, 1-based; `through` is the line of the manifest that led there.

    `str()` gives `manifests/flows.yaml:6:5`, or `nursing.csv:17:3 through flows.yaml:6`.
    A value from UNIWeb has the file `uniweb:members/833 profile/...` and line 0.
    """

    file: str
    line: int = 0
    column: int = 0
    through: Location | None = None

    def __str__(self) -> str:
        here = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return f"{here} through {self.through.file}:{self.through.line}" if self.through else here


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing wrong: where, which field (`flows[0].type`, or empty), what, and what to do."""

    location: Location
    field: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        head = f"{self.location}: {self.field}: " if self.field else f"{self.location}: "
        return head + self.message + (f"\n  {self.hint}" if self.hint else "")


class EngineError(Exception):
    """Anything expected; its text is one sentence for people that says what to do."""

    exit_code: ClassVar[int] = 1


class ManifestError(EngineError):
    """The manifests, the files they name, or the settings are invalid."""

    exit_code = 3

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = sorted(set(problems))
        super().__init__(f"{len(self.problems)} problem{'s' if len(self.problems) != 1 else ''}")


class ApiError(EngineError):
    """One call that failed: never holds a request body, a header, or a personal value.

    `unknown` is True where the server may have done it all the same: read back before repeating.
    """

    unknown: bool = False

    def __init__(self, method: str, path: str, status: int, message: str, trace: str = "") -> None:
        self.method, self.path, self.status = method, path, status
        self.message, self.trace = message, trace
        answer = f"{status} " if status else ""
        self.lasting = f"{method} {path}: {answer}{message}"
        """Without the trace: a plan says the same however often it is made."""
        super().__init__(f"{self.lasting} (trace {trace})" if trace else self.lasting)

    @property
    def unread(self) -> str:
        """What a plan says of something that could not be read because of this."""
        return f"could not be read: {self.lasting}"


class AuthenticationError(ApiError):
    """The server refuses the credentials."""

    exit_code = 4


class BudgetError(ApiError):
    """The call was retried until its budget was spent; `status` 0 is no answer at all."""

    exit_code = 5


class IncompleteReadError(ApiError):
    """A list was not read to its end: short, repeated, or not what the total promised."""


class PartialError(ApiError):
    """An answer of 2xx whose body says `success: false`; `data` is what did succeed."""

    def __init__(self, error: ApiError, data: object) -> None:
        super().__init__(error.method, error.path, error.status, error.message, error.trace)
        self.data = data


class UnknownOutcomeError(ApiError):
    """A call that must not be repeated lost its answer: it may have happened or not."""

    unknown = True


class ReadOnlyError(EngineError):
    """A read-only command tried to send something that is not on the list of reads."""

    exit_code = 70


class StaleError(EngineError):
    """A saved plan that is damaged, or was made for something else; nothing was written."""

    exit_code = 7


class ExpiredError(EngineError):
    """A saved plan that is too old; nothing was written."""

    exit_code = 9


class JournalError(EngineError):
    """The journal cannot be written: nothing more may be sent."""

    def __init__(self, path: object, error: OSError) -> None:
        reason = error.strerror or type(error).__name__
        super().__init__(f"the journal {path} cannot be written: {reason}; mend that, then go on")


class LockedError(EngineError):
    """Another apply works on this environment."""

    exit_code = 10


class DeclinedError(EngineError):
    """The operator answered no; nothing was written."""

    exit_code = 11
