import pytest

from service.publishing.ownership import base_of, claim, is_left
from service.publishing.ports import Assignment, TargetRecord

WORK = TargetRecord("same settings", "https://dav.example.org/work/")
HOME = TargetRecord("other settings", "https://dav.example.org/home/")


def test_a_free_collection_is_taken_without_more_ado() -> None:
    assert claim({}, "team", WORK, abandoned=()) == Assignment()
    assert claim({"home": HOME, "team": WORK}, "team", WORK, abandoned=()) == Assignment()


def test_a_collection_is_one_target_s() -> None:
    assert claim({"team": WORK}, "staff", WORK, abandoned=()).held_by == "team"
    assert claim({"team": WORK, "old": WORK}, "staff", WORK, abandoned={"old"}).held_by == "team"


def test_the_rows_of_an_abandoned_target_pass_on_where_the_settings_say_the_same() -> None:
    assert claim({"team": WORK}, "staff", WORK, abandoned={"team"}).taken == ("team",)


def test_the_same_address_may_be_another_user_s_collection() -> None:
    theirs = TargetRecord("another user", WORK.url)

    assert claim({"team": theirs}, "staff", WORK, abandoned={"team"}) == Assignment()


def test_what_lies_in_the_collection_before_is_kept_under_a_name_of_its_own() -> None:
    assert claim({"team": WORK}, "team", HOME, abandoned=()).left_as == "team~1"
    assert claim({"team": WORK, "team~1": HOME}, "team", HOME, abandoned={"team~1"}) == Assignment(
        left_as="team~2", taken=("team~1",)
    )


@pytest.mark.parametrize(
    ("key", "base", "left"),
    [
        ("team", "team", False),
        ("team~1", "team", True),
        ("cloud/ivanov@video.example.com", "cloud", False),
        ("cloud/ivanov@video.example.com~12", "cloud", True),
        ("cloud/a~b", "cloud", False),
    ],
)
def test_a_key_tells_whose_it_is_and_whether_it_was_left(key: str, base: str, *, left: bool) -> None:
    assert (base_of(key), is_left(key)) == (base, left)
