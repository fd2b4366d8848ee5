"""Awaits work of the native half, in asyncio (with any loop) or trio."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nova_sonic import _worlds

if TYPE_CHECKING:
    from nova_sonic import _native

PATIENCE_SECONDS = 2.0
"""How long a cancelled call waits for its work to be given up, which takes a moment."""


class _Listener:
    """Sets its flag when the bell has rung."""

    __slots__ = ("__weakref__", "flag")

    def __init__(self, flag: _worlds.Flag) -> None:
        self.flag = flag

    def _look(self) -> None:
        self.flag.set()


async def awaited(work: _native._Work) -> Any:
    """What comes of the work, which begins here; cancelled, this ends when nothing of the work runs any more."""
    world = _worlds.current()
    listener = _Listener(world.flag())
    bell, take_down = world.hang_bell(listener)
    try:
        work.begin(bell)
        await listener.flag.wait()
    except GeneratorExit:
        # Closed: nobody is left who could wait for the end.
        raise
    except BaseException:
        listener.flag = world.flag()
        work.give_up()
        if not work.is_over:
            await world.at_the_end(PATIENCE_SECONDS, lambda: _rung(listener))
        raise
    finally:
        take_down()
    return work.outcome()


async def _rung(listener: _Listener) -> None:
    await listener.flag.wait()
