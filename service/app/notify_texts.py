"""
The words of messages to people: what began, what ended, where to decide.
"""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from service.core.notifications import Message, NotifyEvent, Phase
from service.core.sources import IN_TROUBLE
from service.core.state_words import explain_source
from service.core.vevent import Translate


class Texts:
    """
    Messages in one language, with times in one zone and links below one address.
    """

    def __init__(self, translate: Translate, zone: ZoneInfo, url: str) -> None:
        self._translate, self._zone, self._url = translate, zone, url

    def describe(self, messages: Sequence[Message], dropped: int) -> tuple[str, str]:
        """Return the title and the body of one message that says all of these."""
        translate = self._translate
        texts = [self._describe(message) for message in messages]
        lines = [text if not detail else f"{text}\n{detail}" for text, detail in texts]
        if dropped:
            lines.insert(
                0, translate("Earlier messages that could not be sent: {count}.").format(count=dropped)
            )
        title = (
            texts[0][0].rstrip(".")
            if len(texts) == 1
            else translate("{count} messages").format(count=len(texts))
        )
        return f"confcal: {title}", "\n\n".join([*lines, f"{self._url}/"])

    def test(self) -> tuple[str, str]:
        """Return the title and the body of a message that only shows that messages arrive."""
        translate = self._translate
        return (
            "confcal: " + translate("a test"),
            translate("Messages of confcal arrive here.") + f"\n\n{self._url}/",
        )

    def _describe(self, message: Message) -> tuple[str, str]:
        match message.phase:
            case Phase.BEGAN:
                return self._describe_beginning(message)
            case Phase.ENDED:
                return self._describe_end(message), self._span(message)
            case Phase.HAPPENED:
                return self._describe_event(message), self._moment(message.at)
            case Phase.DIGEST:
                return self._describe_digest(message)

    def _describe_beginning(self, message: Message) -> tuple[str, str]:
        translate, since = self._translate, self._moment(message.since)
        match message.event:
            case NotifyEvent.HELD:
                text = translate("A list of {account} is held: it lacks {missing} of {upcoming} conferences.")
                numbers = {name: message.numbers.get(name, 0) for name in ("missing", "upcoming")}
                detail = translate("Nothing is removed until you decide, or until later lists agree.")
                return text.format(account=message.subject, **numbers), detail
            case NotifyEvent.TARGET_INCOMPLETE:
                text = translate("The target {target} does not hold everything.")
                return text.format(target=message.subject), f"{since}: {message.detail}"
            case NotifyEvent.DISPUTE:
                text = translate("Accounts report conference {conference} differently.")
                return text.format(conference=message.subject), since
            case _:
                text = translate("The room {room} sends no lists.").format(room=message.subject)
                return text, f"{since}: {self._explain(message)}"

    def _describe_end(self, message: Message) -> str:
        translate = self._translate
        match message.event:
            case NotifyEvent.HELD:
                text = translate("No list of {subject} is held any more.")
            case NotifyEvent.TARGET_INCOMPLETE:
                text = translate("The target {subject} holds everything again.")
            case NotifyEvent.DISPUTE:
                text = translate("All accounts report conference {subject} alike again.")
            case _:
                text = translate("The room {subject} sends lists again.")
        return text.format(subject=message.subject)

    def _describe_event(self, message: Message) -> str:
        translate = self._translate
        match message.event:
            case NotifyEvent.LINK_ROTATED:
                text = translate("The link of the calendar {subject} was replaced.")
            case NotifyEvent.VERSION_CHANGED:
                text = translate("confcal {subject} runs now.")
            case _:
                text = translate("At the room {subject}, {account} is logged in now.")
        return text.format(subject=message.subject, account=message.detail)

    def _describe_digest(self, message: Message) -> tuple[str, str]:
        translate, numbers = self._translate, message.numbers
        wanted = (
            ("conference_added", translate("Conferences added")),
            ("conference_changed", translate("Conferences changed")),
            ("conference_removed", translate("Conferences removed")),
            ("list_held", translate("Lists held")),
            ("source_down", translate("Rooms that stopped sending lists")),
            ("target_refused", translate("Targets that refused")),
            ("open", translate("Waiting for you now")),
        )
        lines = [f"{label}: {numbers[name]}" for name, label in wanted if numbers.get(name)]
        title = translate("what happened since {moment}").format(moment=self._moment(message.since))
        return title, "\n".join(lines or [translate("Nothing changed.")])

    def _explain(self, message: Message) -> str:
        """Return what is wrong with a Room; a state that this version does not know stays as it is."""
        state = next((each for each in IN_TROUBLE if each == message.detail), None)
        return explain_source(state, message.subject, self._translate) if state else message.detail

    def _span(self, message: Message) -> str:
        return f"{self._moment(message.since)} \N{EN DASH} {self._moment(message.at)}"

    def _moment(self, moment: datetime) -> str:
        return moment.astimezone(self._zone).strftime("%Y-%m-%d %H:%M")
