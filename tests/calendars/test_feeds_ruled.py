"""
Feeds of calendars with a rule, of people, and what a rotation does to all of them.
"""

from dataclasses import replace
from datetime import timedelta

import pytest

from service.calendars.feeds import CachedFeed, Feed, FeedCache, FeedRules, Feeds
from service.calendars.tokens import LookupFailure, token_of
from service.core.conference import Conference, Invitation
from service.core.ports import FeedRecord
from service.core.schedule import Unscheduled
from tests.core.given import NOW, SERVER, conference, listed, room, weekly
from tests.web.administered import Administered, administered
from tests.web.given import BASE, SECRET

IVANOV, PETROV = f"ivanov@{SERVER}", f"petrov@{SERVER}"
SECRETS = ("Merger", "brown", "Ivan Ivanov", "/c/", "private", "role-based")


def merger() -> Conference:
    return replace(
        conference("100", "Merger", weekly()),
        mode="S|L",
        access="private",
        invitations=(Invitation("ivanov", "Ivan Ivanov"),),
    )


async def body(site: Administered, calendar: str) -> str:
    response = await site.client.get(site.feeds.addresses.feed_url(calendar))
    assert response.status_code == 200
    return response.text


async def test_a_feed_holds_what_its_rule_says() -> None:
    async with administered(CALENDARS__BOARD__TOPIC="merger*", CALENDARS__BOARD__COLOR="firebrick") as site:
        await site.accept(listed(merger(), conference("200", "Lunch"), room("300")))
        feed = await body(site, "board")

    assert feed.count("BEGIN:VEVENT") == 1
    assert "SUMMARY:Merger" in feed
    assert "X-WR-CALNAME:TrueConf: board" in feed
    assert "COLOR:firebrick" in feed


async def test_a_busy_calendar_tells_nothing_but_times() -> None:
    async with administered(CALENDARS__FREE__REDACT="busy", PEOPLE="description") as site:
        await site.accept(listed(merger()))
        feed, full = await body(site, "free"), await body(site, "all")
        page = await site.client.get(site.feeds.addresses.page_url("free"))

    assert all(secret in full for secret in ("Merger", "Ivan Ivanov", "/c/100"))
    unfolded = feed.replace("\r\n ", "")
    assert "SUMMARY:Busy" in unfolded
    assert "X-WR-CALNAME:Busy" in unfolded
    assert "RRULE:FREQ=WEEKLY" in unfolded
    for secret in SECRETS:
        assert secret not in unfolded, secret
    for secret in ("Merger", "Ivan Ivanov", "/c/100"):
        assert secret not in page.text, secret


async def test_a_calendar_may_speak_another_language() -> None:
    async with administered(CALENDARS__RU__LANGUAGE="ru") as site:
        await site.accept(listed(merger()))
        feed = await body(site, "ru")

    assert "Владелец" in feed.replace("\r\n ", "")


async def test_each_invited_person_has_a_calendar() -> None:
    async with administered(CALENDARS_FOR_PEOPLE="true") as site:
        await site.accept(listed(merger(), conference("200", "Lunch")))
        assert PETROV not in site.feeds.calendars
        invited = replace(conference("200", "Lunch"), invitations=(Invitation("petrov", ""),))
        await site.accept(listed(merger(), invited))

        assert "SUMMARY:Merger" in await body(site, IVANOV)
        assert "SUMMARY:Lunch" not in await body(site, IVANOV)
        assert "SUMMARY:Lunch" in await body(site, PETROV)


async def test_a_conference_that_lost_its_schedule_leaves_the_feeds_by_rule_too() -> None:
    async with administered(CALENDARS_FOR_PEOPLE="true", CALENDARS__BOARD__TOPIC="Merger*") as site:
        await site.accept(listed(merger(), replace(merger(), id="7", topic="Merger two")))
        before = [(await body(site, name)).count("BEGIN:VEVENT") for name in ("board", IVANOV)]
        site.clock.now += timedelta(days=1)
        unscheduled = replace(merger(), schedule=Unscheduled())
        both = (unscheduled, replace(merger(), id="7", topic="Merger two"))
        await site.accept(listed(*both, at=site.clock.now))
        after = [await body(site, name) for name in ("board", IVANOV)]

    assert before == [2, 2]
    # What took place of it stays.
    assert [each.count("UNTIL=20261006T075959Z") for each in after] == [1, 1]
    assert [each.count("BEGIN:VEVENT") for each in after] == [2, 2]


async def test_a_device_that_is_called_has_none() -> None:
    async with administered(CALENDARS_FOR_PEOPLE="true") as site:
        await site.accept(
            listed(replace(merger(), invitations=(Invitation("#sip:hall@pbx.example.com", ""),)))
        )

        assert list(site.feeds.calendars) == ["all", f"lobby@{SERVER}"]


async def test_whoever_was_served_once_keeps_the_calendar_when_nobody_invites_them_any_more() -> None:
    async with administered(CALENDARS_FOR_PEOPLE="true") as site:
        await site.accept(listed(merger()))
        address = site.feeds.addresses.feed_url(IVANOV)
        assert "SUMMARY:Merger" in await body(site, IVANOV)
        await site.accept(listed(replace(merger(), invitations=())))

        rules = FeedRules(SECRET, BASE, "full-en", for_people=True)
        restarted = Feeds(site.store, rules, state=lambda: site.synchronizer.state, clock=site.clock)
        await restarted.start()

        assert restarted.addresses.feed_url(IVANOV) == address
        assert b"VEVENT" not in (await restarted.feed(IVANOV)).body


async def test_people_have_none_unless_it_is_set() -> None:
    async with administered() as site:
        await site.accept(listed(merger()))

        assert list(site.feeds.calendars) == ["all", f"lobby@{SERVER}"]


async def test_an_address_stays_the_same_when_calendars_are_added() -> None:
    async with administered(CALENDARS_FOR_PEOPLE="true") as site:
        await site.accept(listed(merger()))
        before = site.feeds.addresses.feed_url("all")
        await site.accept(
            listed(merger(), replace(merger(), id="7", invitations=(Invitation("petrov", ""),)))
        )

        assert PETROV in site.feeds.calendars
        assert site.feeds.addresses.feed_url("all") == before


async def test_what_does_not_concern_a_person_costs_that_feed_no_reading() -> None:
    async with administered(CALENDARS_FOR_PEOPLE="true") as site:
        await site.accept(listed(merger(), conference("200", "Lunch")))
        first = await body(site, IVANOV)
        await site.accept(listed(merger(), conference("200", "Dinner")))
        second = await body(site, IVANOV)
        await site.accept(listed(replace(merger(), topic="Split"), conference("200", "Dinner")))
        third = await body(site, IVANOV)

    assert site.store.read == [1, 1]
    assert first == second
    assert "SUMMARY:Split" in third


async def test_memory_holds_the_feeds_last_asked_for() -> None:
    async with administered() as site:
        await site.accept(listed(merger()))
        rules = FeedRules(SECRET, BASE, "full-en")
        feeds = Feeds(
            site.store, rules, state=lambda: site.synchronizer.state, clock=site.clock, most_bytes=1
        )
        await feeds.start()
        first = await feeds.feed("all")
        other = await feeds.feed(f"lobby@{SERVER}")

        assert feeds.fresh(f"lobby@{SERVER}") is other
        assert feeds.fresh("all") is None
        # Built again it is the same, with the same date.
        assert await feeds.feed("all") == first


def test_of_too_many_feeds_the_one_not_asked_for_the_longest_goes() -> None:
    cache = FeedCache(most_bytes=2)
    built = CachedFeed(Feed(b"x", b'"x"', NOW), 0, None)
    cache.put("a", built)
    cache.put("b", built)

    assert cache.get("a")
    cache.put("c", built)

    assert [cache.get(name) for name in "abc"] == [built, None, built]


async def test_a_rotated_calendar_is_gone_at_its_old_address_at_once() -> None:
    async with administered() as site:
        await site.accept(listed(merger()))
        old_feed, old_page = site.feeds.addresses.feed_url("all"), site.feeds.addresses.page_url("all")

        await site.feeds.directory.rotate("all", NOW)

        assert (await site.client.get(old_feed)).status_code == 410
        assert (await site.client.get(old_page)).status_code == 410
        assert "SUMMARY:Merger" in await body(site, "all")
        assert site.feeds.addresses.feed_url("all") != old_feed


async def test_a_rotation_by_another_process_is_noticed() -> None:
    async with administered() as site:
        await site.accept(listed(merger()))
        await body(site, "all")
        old = site.feeds.addresses.feed_url("all")
        # As `confcal feeds rotate` does, which has read what was remembered before.
        record = (await site.store.feeds())["all"]
        await site.store.record_feed("all", replace(record, generation=1))
        await site.feeds.directory.refresh()

        assert (await site.client.get(old)).status_code == 410
        assert (await site.client.get(f"/feeds/{token_of(SECRET, 'all', 1)}/all.ics")).status_code == 200


async def test_serving_on_does_not_undo_a_rotation() -> None:
    async with administered() as site:
        await site.accept(listed(merger()))
        await body(site, "all")
        await site.feeds.directory.rotate("all", NOW)
        await site.accept(listed(replace(merger(), topic="Split")))
        await body(site, "all")

        assert await site.store.rotations() == {"all": 1}


async def test_a_rotation_keeps_the_date_of_the_feed() -> None:
    async with administered() as site:
        await site.accept(listed(merger()))
        before = await site.client.get(site.feeds.addresses.feed_url("all"))
        await site.feeds.directory.rotate("all", NOW)
        after = await site.client.get(site.feeds.addresses.feed_url("all"))

        assert after.headers["last-modified"] == before.headers["last-modified"]
        known = (await site.store.feeds())["all"]
        assert known == FeedRecord(1, known.digest, NOW, version=1)


async def test_what_does_not_exist_is_not_rotated() -> None:
    async with administered() as site:
        with pytest.raises(KeyError):
            await site.feeds.directory.rotate("nobody", NOW)
        assert await site.store.feeds() == {}


async def test_a_calendar_may_take_no_time() -> None:
    async with administered(CALENDARS__BOARD__TRANSPARENT="true") as site:
        await site.accept(listed(merger(), conference("200", "Lunch")))
        free, busy = await body(site, "board"), await body(site, "all")
        etags = [
            (await site.client.get(site.feeds.addresses.feed_url(name))).headers["etag"]
            for name in ("board", "all", "board")
        ]

    assert (free.count("TRANSP:TRANSPARENT"), free.count("X-MICROSOFT-CDO-BUSYSTATUS:FREE")) == (2, 2)
    assert "OPAQUE" not in free
    assert busy.count("TRANSP:OPAQUE") == 2
    assert etags[0] == etags[2] != etags[1]


async def test_people_with_ids_in_any_script_have_feeds_with_names_of_their_own() -> None:
    people = [Invitation(f"{user}@{SERVER}", "") for user in ("участник", "другой", "张伟")]
    async with administered(CALENDARS_FOR_PEOPLE="true") as site:
        await site.accept(listed(replace(conference("100"), invitations=tuple(people))))
        urls = [site.feeds.addresses.feed_url(person.id) for person in people]
        answers = [await site.client.get(url) for url in urls]
        # Whoever subscribed before has another name behind the same token.
        old = [await site.client.get(f"{url.rpartition('/')[0]}/{SERVER}.ics") for url in urls]

    assert [url.rpartition("/")[2] for url in urls] == [
        "uchastnik-video.example.com.ics",
        "drugoy-video.example.com.ics",
        "ZhangWei-video.example.com.ics",
    ]
    assert [answer.status_code for answer in (*answers, *old)] == [200] * 6
    assert 'filename="drugoy-video.example.com.ics"' in answers[1].headers["content-disposition"]


async def test_a_forgotten_account_is_not_taken_for_a_person_who_was_served() -> None:
    async with administered(CALENDARS_FOR_PEOPLE="true") as site:
        await site.accept(listed())
        await site.feeds.directory.rotate(f"lobby@{SERVER}", NOW)
        await body(site, f"lobby@{SERVER}")
        await site.store.purge_accounts(NOW + timedelta(days=400))
        await site.synchronizer.refresh()
        rules = FeedRules(SECRET, BASE, "full-en", for_people=True)
        restarted = Feeds(site.store, rules, state=lambda: site.synchronizer.state, clock=site.clock)
        await restarted.start()

        for feeds in (site.feeds, restarted):
            assert list(feeds.calendars) == ["all"]
            assert feeds.addresses.find(token_of(SECRET, f"lobby@{SERVER}", 0)) is LookupFailure.ROTATED
