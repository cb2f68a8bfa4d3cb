"""
Every sentence of the source that people read in a terminal has a form in Russian.
"""

import pytest

from service.commands.phrasebook import phrasebook
from service.core.journal import Happening
from tests.commands.sentences import in_sentences, is_prose, sentences


def test_every_sentence_of_the_source_is_translated() -> None:
    book, all_sentences = phrasebook("ru"), list(sentences())
    english = [
        f"{name}: {text}"
        for name, text in all_sentences
        if all(is_prose(book.translate(each)) for each in in_sentences(text))
    ]
    assert len(all_sentences) > 400
    # Each needs its form in service/locale/ru/sentences.toml; FILLED and OF_PROGRAMS are for the few others.
    assert english == []


@pytest.mark.parametrize("event", Happening)
def test_everything_that_happens_has_a_name(event: Happening) -> None:
    assert event.replace("_", " ") in phrasebook("ru").translations
