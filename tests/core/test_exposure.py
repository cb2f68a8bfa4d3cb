"""
Who can read along is told with the remedy.
"""

from service.core.exposure import Exposure

OPEN = Exposure("0.0.0.0", "http://10.0.0.15:8080")


def test_the_sentence_names_the_address_and_the_remedy() -> None:
    text = OPEN.describe()

    assert "0.0.0.0" in text
    assert "http://10.0.0.15:8080" in text
    assert "CONFCAL_PUBLIC_URL=https://" in text


def test_the_sentence_is_translated_before_it_is_filled_in() -> None:
    assert (
        OPEN.describe(lambda _text: "%(host)s слушает на %(url)s")
        == "0.0.0.0 слушает на http://10.0.0.15:8080"
    )
