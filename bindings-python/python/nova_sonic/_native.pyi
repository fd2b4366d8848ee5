from _typeshed import Incomplete
from datetime import datetime
from typing import SupportsFloat, SupportsIndex, final

@final
class Try:
    """
    Sleeps
    """
    def __new__(cls, /, *, n: SupportsIndex, mode: "typing.Literal['signing-keys', 'plain']" = "signing-keys", day: "datetime.datetime | None" = None, ca: "str | os.PathLike[str]" = None) -> Try:
        """
        Make one.
        """
    @staticmethod
    def danger(*, region: str) -> Try: ...
    @property
    def items(self, /) -> list[str]: ...
    @property
    def n(self, /) -> int | None:
        """
        The n.
        """
    def sleep(self, /, seconds: SupportsFloat | SupportsIndex) -> int:
        """
        Blocks.
        """
    async def sleep_async(self, /, seconds: SupportsFloat | SupportsIndex) -> int:
        """
        Awaits.
        """
    def to_json(self, /) -> bytes: ...
    @property
    def when(self, /) -> datetime: ...

def _after_fork() -> None:
    """
    Called by `os.fork` in the child, where no thread of the runtime exists.
    """

def _at_exit() -> None:
    """
    Called by `atexit`: afterwards no thread of ours touches the interpreter, which may then end.
    """

def __getattr__(name: str) -> Incomplete: ...
