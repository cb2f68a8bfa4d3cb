"""
Where the daemon listens, and whom it blames where it cannot.
"""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager

import pytest

from service.app.health import health_trouble
from service.core.errors import SettingsError
from service.settings.hosts import local_hosts
from service.settings.listening import listen
from service.settings.load import load_settings
from service.settings.model import Settings


def settings_of(**given: object) -> Settings:
    return load_settings({f"CONFCAL_{name.upper()}": str(value) for name, value in given.items()})


@contextmanager
def listening(**given: object) -> Iterator[tuple[socket.socket, ...]]:
    with ExitStack() as opened:
        sockets = listen(settings_of(**given))
        for each in sockets:
            opened.enter_context(each)
        yield sockets


def reaches(address: str, port: int) -> bool:
    try:
        socket.create_connection((address, port), timeout=5).close()
    except OSError:
        return False
    return True


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


needs_ipv6 = pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")


def test_port_0_takes_any_free_port() -> None:
    with listening(port=0) as (first,), listening(port=0) as (second,):
        assert first.getsockname()[1] != second.getsockname()[1]


def test_an_event_loop_can_tell_that_the_sockets_are_of_tcp() -> None:
    with listening(port=0, host="*") as sockets:
        assert {each.proto for each in sockets} == {socket.IPPROTO_TCP}


@needs_ipv6
@pytest.mark.parametrize("host", ["*", "", "0.0.0.0,::", "::", "*,::", "127.0.0.1, ::1", "[::1],127.0.0.1"])
def test_one_port_is_reached_by_ipv4_and_ipv6(host: str) -> None:
    with listening(port=0, host=host) as sockets:
        port = sockets[0].getsockname()[1]

        assert len(sockets) == 2
        assert reaches("127.0.0.1", port)
        assert reaches("::1", port)


def test_every_address_is_those_of_ipv4_where_ipv6_is_off(monkeypatch: pytest.MonkeyPatch) -> None:
    with_ipv6 = socket.socket

    def without_ipv6(family: int = -1, *rest: int) -> socket.socket:
        if family == socket.AF_INET6:
            raise OSError(97, "Address family not supported by protocol")
        return with_ipv6(family, *rest)

    monkeypatch.setattr(socket, "socket", without_ipv6)
    with ExitStack() as opened:
        sockets = [opened.enter_context(closing(each)) for each in listen(settings_of(port=0, host="*"))]
        with pytest.raises(SettingsError, match=r"CONFCAL_HOST: \[::\]:0 cannot be listened on"):
            listen(settings_of(port=0, host="::"))

        assert [each.getsockname()[0] for each in sockets] == ["0.0.0.0"]


def test_a_name_is_its_addresses() -> None:
    with listening(port=0, host="localhost") as sockets:
        assert reaches("127.0.0.1", sockets[0].getsockname()[1])


def test_a_port_in_use_is_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        with pytest.raises(SettingsError) as caught:
            listen(settings_of(port=port))

    assert str(caught.value) == (
        f"CONFCAL_PORT: 127.0.0.1:{port} cannot be listened on (Address already in use); "
        "stop what uses it, or choose another port or CONFCAL_HOST"
    )


def test_a_port_in_use_on_one_of_several_addresses_leaves_nothing_open() -> None:
    with socket.create_server(("127.0.0.2", 0)) as taken:
        port = taken.getsockname()[1]

        with pytest.raises(SettingsError, match=rf"CONFCAL_PORT: 127\.0\.0\.2:{port} cannot"):
            listen(settings_of(port=port, host="127.0.0.1,127.0.0.2"))

    with listening(port=port, host="127.0.0.1,127.0.0.2") as sockets:
        assert len(sockets) == 2


@pytest.mark.parametrize("host", ["192.0.2.1", "127.0.0.1,192.0.2.1"])
def test_a_host_of_another_machine_is_blamed_and_not_the_port(host: str) -> None:
    with pytest.raises(SettingsError) as caught:
        listen(settings_of(host=host, port=0))

    assert str(caught.value).startswith("CONFCAL_HOST: 192.0.2.1:")
    assert "192.0.2.1 is not an address of this machine, so name one that it has, or * for all" in str(
        caught.value
    )


def test_a_name_that_nobody_knows_is_blamed() -> None:
    with pytest.raises(SettingsError, match=r"CONFCAL_HOST: no-such-host\.invalid is not known here \("):
        listen(settings_of(host="no-such-host.invalid", port=0))


@pytest.mark.parametrize("host", ["localhost:8080", "127.0.0.1:80", "[::1]:8080", "*:8080", "::1,lan:80"])
def test_a_port_in_the_host_is_the_hosts_fault(host: str) -> None:
    with pytest.raises(SettingsError) as caught:
        settings_of(host=host)

    assert str(caught.value).startswith("CONFCAL_HOST: ")
    assert "holds a port; write the address alone and the port in CONFCAL_PORT" in str(caught.value)
    assert "CONFCAL_PORT:" not in str(caught.value)


@pytest.mark.parametrize("host", ["http://localhost", "a b", "127.0.0.1/8", "1::2::3"])
def test_what_is_no_host_is_refused(host: str) -> None:
    with pytest.raises(SettingsError, match=r"CONFCAL_HOST: .* is neither an address nor a name; write one"):
        settings_of(host=host)


@pytest.mark.parametrize(
    ("host", "asked"),
    [
        ("*", ("127.0.0.1", "::1")),
        ("", ("127.0.0.1", "::1")),
        ("::", ("127.0.0.1", "::1")),
        ("0.0.0.0", ("127.0.0.1",)),
        ("0.0.0.0,::", ("127.0.0.1", "::1")),
        ("10.0.0.7, lan", ("10.0.0.7", "lan")),
    ],
)
def test_the_daemon_is_looked_for_where_it_listens(host: str, asked: tuple[str, ...]) -> None:
    assert local_hosts(host) == asked


@pytest.mark.parametrize("host", ["*", "0.0.0.0", "127.0.0.2,127.0.0.1"])
def test_a_daemon_that_is_nowhere_is_missed_at_the_first_address(host: str, unused_tcp_port: int) -> None:
    trouble = health_trouble(host, unused_tcp_port)

    assert trouble.startswith(f"http://{local_hosts(host)[0]}:{unused_tcp_port}/healthz does not answer: ")
