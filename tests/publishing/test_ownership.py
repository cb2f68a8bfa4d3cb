import pytest

from service.publishing.ownership import assign, base_of, is_former_key
from service.publishing.ports import Assignment, TargetRecord

WORK = TargetRecord("same settings", "https://dav.example.org/work/")
HOME = TargetRecord("other settings", "https://dav.example.org/home/")


def test_a_free_collection_is_taken_without_more_ado() -> None:
    assert assign({}, "team", WORK, abandoned=()) == Assignment()
    assert assign({"home": HOME, "team": WORK}, "team", WORK, abandoned=()) == Assignment()


def test_a_collection_is_one_target_s() -> None:
    assert assign({"team": WORK}, "staff", WORK, abandoned=()).held_by == "team"
    assert assign({"team": WORK, "old": WORK}, "staff", WORK, abandoned={"old"}).held_by == "team"


def test_the_rows_of_an_abandoned_target_pass_on_where_the_settings_say_the_same() -> None:
    assert assign({"team": WORK}, "staff", WORK, abandoned={"team"}).adopted_keys == ("team",)


def test_the_same_address_may_be_another_user_s_collection() -> None:
    theirs = TargetRecord("another user", WORK.url)

    assert assign({"team": theirs}, "staff", WORK, abandoned={"team"}) == Assignment()


def test_what_lies_in_the_collection_before_is_kept_under_a_name_of_its_own() -> None:
    assert assign({"team": WORK}, "team", HOME, abandoned=()).former_key == "team~1"
    assert assign({"team": WORK, "team~1": HOME}, "team", HOME, abandoned={"team~1"}) == Assignment(
        former_key="team~2", adopted_keys=("team~1",)
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
    assert (base_of(key), is_former_key(key)) == (base, left)
