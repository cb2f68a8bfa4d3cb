"""
How a process begins and ends.
"""

import signal
import sys
from io import TextIOWrapper

from service.core.errors import ConfcalError, SettingsError

_FAILED = 1
_MISUSED = 2

_HEALTH_CHECK = ["healthcheck"]


def main() -> None:
    """Run one command and end the process: 0 done, 1 failed, 2 a setting or an argument is wrong."""
    _say_anything()
    if "run" in sys.argv:
        # SIGHUP would end a daemon that has no handler yet. The kernel keeps it until `daemon.run` has one.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})
    try:
        sys.exit(_run())
    except SettingsError as error:
        _say(error)
        sys.exit(_MISUSED)
    except ConfcalError as error:
        _say(error)
        sys.exit(_FAILED)
    except Exception as error:  # noqa: BLE001 -- any bug ends here
        from service.commands.crash import describe_crash  # noqa: PLC0415 -- no good start needs it

        _say(describe_crash(error))
        sys.exit(_FAILED)


def _run() -> int:
    if sys.argv[1:] == _HEALTH_CHECK:
        # It runs every half minute, and reading command lines costs three times what it does itself.
        from service.app.health import require_health  # noqa: PLC0415 -- see above

        require_health()
        sys.stdout.write("ok\n")
        return 0
    from service.commands.line import run  # noqa: PLC0415 -- as said above

    return run()


def _say_anything() -> None:
    """Write letters that the encoding of the terminal lacks as escapes, instead of crashing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _say(error: ConfcalError | str) -> None:
    from service.commands.speech import translate_sentence  # noqa: PLC0415 -- no good start needs it

    for line in translate_sentence(str(error)).splitlines():
        sys.stderr.write(f"confcal: {line}\n")


if __name__ == "__main__":
    main()
