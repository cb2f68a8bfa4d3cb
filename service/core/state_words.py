"""
What the state of a source or of a target says to a person, in their language.
"""

from typing import Final

from service.core.sources import SourceState
from service.core.target_state import TargetState
from service.core.vevent import Translate

EXPLAINED_BY_ERROR: Final = frozenset(
    {SourceState.UNREACHABLE, SourceState.FAILING, SourceState.WRONG_USER, SourceState.WAITING}
)
"""The states of a source whose error, in English, says more than `explain_source`."""


def name_source(state: SourceState, gettext: Translate) -> str:
    """Return the state of a source in a word or two."""
    names = {
        SourceState.CONNECTING: gettext("connecting"),
        SourceState.AUTHORIZING: gettext("authorizing"),
        SourceState.LISTENING: gettext("listening"),
        SourceState.WAITING: gettext("waiting for an event"),
        SourceState.LOGGED_OUT: gettext("nobody is logged in"),
        SourceState.WRONG_USER: gettext("another user is logged in"),
        SourceState.SILENT: gettext("sends no list"),
        SourceState.FLOODING: gettext("sends too much"),
        SourceState.FAILING: gettext("failing"),
        SourceState.PIN_REJECTED: gettext("PIN rejected"),
        SourceState.UNREACHABLE: gettext("unreachable"),
    }
    return names[state]


def name_target(state: TargetState, gettext: Translate) -> str:
    """Return the state of a target in a word or two."""
    names = {
        TargetState.STARTING: gettext("starting"),
        TargetState.IN_STEP: gettext("in step"),
        TargetState.WAITING: gettext("waits to try again"),
        TargetState.INCOMPLETE: gettext("incomplete"),
        TargetState.DOWN: gettext("down"),
        TargetState.FAILING: gettext("failing"),
        TargetState.ELSEWHERE: gettext("no trouble known"),
    }
    return names[state]


def explain_source(state: SourceState, place: str, gettext: Translate) -> str:
    """Return what is wrong at `place`, and what to do; empty for a state in which nothing need be wrong."""
    texts = {
        SourceState.WAITING: gettext("The last event was rejected."),
        SourceState.LOGGED_OUT: gettext("Nobody is logged in at %(place)s. Log in there."),
        SourceState.WRONG_USER: gettext(
            "At %(place)s a user is logged in whose lists are not taken. Log in as the right one there."
        ),
        SourceState.SILENT: gettext(
            "%(place)s is connected, but sends no list. Restart TrueConf Room or VideoSDK there."
        ),
        SourceState.FLOODING: gettext("%(place)s sends more than is taken. It is left alone for a while."),
        SourceState.FAILING: gettext("%(place)s sends what cannot be read. The log has the details."),
        SourceState.PIN_REJECTED: gettext(
            "%(place)s rejected the PIN. Set the PIN of TrueConf Room or VideoSDK."
        ),
        SourceState.UNREACHABLE: gettext("%(place)s cannot be reached."),
    }
    return texts.get(state, "") % {"place": place}


def explain_target(state: TargetState, gettext: Translate) -> str:
    """Return what is wrong with a target; empty for a state in which its server can be used."""
    texts = {
        TargetState.DOWN: gettext("The server cannot be used at the moment. What changes waits for it."),
        TargetState.FAILING: gettext(
            "The server refuses: something must be corrected, there or in the settings."
        ),
    }
    return texts.get(state, "")
