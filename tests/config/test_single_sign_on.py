"""
The examples of single sign-on, by the real proxies: who signed in is named to confcal, and nobody else.
"""

import re
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import httpx

from tests.config.test_proxies import running
from tests.config.tools import need
from tests.listening import serving_http

PAGE = Path(__file__).parent.parent.parent / "docs/operations/single-sign-on.md"
SIGNED_IN, PERSON, FORGED = {"Cookie": "session=good"}, "ivanov@video.example.com", "petrov"
HEADERS = ("X-Forwarded-Preferred-Username", "Remote-User")


class Confcal(BaseHTTPRequestHandler):
    """Says who asked for what, as far as the headers name anybody."""

    def do_GET(self) -> None:
        named = [value for header in HEADERS for value in self.headers.get_all(header, [])]
        body = f"{self.path} {named}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        pass


class Gate(Confcal):
    """Stands in for oauth2-proxy and Authelia: whoever has the cookie signed in."""

    def do_GET(self) -> None:
        good = self.headers.get("Cookie") == SIGNED_IN["Cookie"]
        if self.path.startswith("/api/authz/forward-auth") and not good:
            self.send_response(302)
            self.send_header("Location", "https://auth.example.com/")
        elif self.path == "/oauth2/auth":
            self.send_response(202 if good else 401)
            self.send_header("X-Auth-Request-Preferred-Username", PERSON)
        else:
            self.send_response(200)
            self.send_header("Remote-User", PERSON)
        self.send_header("Content-Length", "0")
        self.end_headers()


def block_of(language: str) -> str:
    """Return the block of the page in this language."""
    (block,) = re.findall(rf"^```{language}\n(.*?)^```", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    return str(block)


def ask(port: int, path: str, headers: dict[str, str]) -> httpx.Response:
    with httpx.Client(trust_env=False, timeout=10) as http:
        return http.get(f"http://127.0.0.1:{port}{path}", headers=headers)


def nginx_conf(folder: Path, port: int, upstream: int, gate: int) -> Path:
    block = block_of("nginx").replace("127.0.0.1:8080", f"127.0.0.1:{upstream}")
    block = block.replace("127.0.0.1:4180", f"127.0.0.1:{gate}")
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    file = folder / "nginx.conf"
    file.write_text(
        f"pid {folder}/nginx.pid;\nerror_log {folder}/start.log;\nevents {{}}\nhttp {{\naccess_log off;\n"
        f"{temporary}server {{\nlisten 127.0.0.1:{port};\n{block}"
        f"location / {{ proxy_pass http://127.0.0.1:{upstream}; }}\n}}\n}}\n"
    )
    return file


def test_nginx_with_oauth2_proxy_names_who_signed_in_and_nobody_else(
    tmp_path: Path, unused_tcp_port: int
) -> None:
    nginx, port, forged = need("nginx", "nginx-light"), unused_tcp_port, {HEADERS[0]: FORGED}
    with serving_http(Confcal) as upstream, serving_http(Gate) as gate:
        file = nginx_conf(tmp_path, port, upstream, gate)
        command = [nginx, "-p", str(tmp_path), "-c", str(file), "-g", "daemon off;"]
        with running(command, port, tmp_path / "output.txt"):
            stranger = ask(port, "/me", forged)
            person = ask(port, "/me", SIGNED_IN | forged)
            feed = ask(port, "/feeds/token/all.ics", {})
            gate_of_strangers = ask(port, "/oauth2/auth", SIGNED_IN)

    assert stranger.status_code == 302
    assert stranger.headers["location"].endswith("/oauth2/sign_in?rd=http://127.0.0.1/me")
    assert person.text == f"/me {[PERSON]}"
    assert feed.text == "/feeds/token/all.ics []"
    assert gate_of_strangers.status_code == 404


def test_caddy_with_authelia_names_who_signed_in_and_nobody_else(
    tmp_path: Path, unused_tcp_port: int
) -> None:
    caddy, port, forged = need("caddy", "caddy"), unused_tcp_port, {HEADERS[1]: FORGED}
    with serving_http(Confcal) as upstream, serving_http(Gate) as gate:
        text = block_of("caddyfile").replace("calendars.example.com {", f"http://:{port} {{", 1)
        text = text.replace("127.0.0.1:8080", f"127.0.0.1:{upstream}").replace(
            "127.0.0.1:9091", f"127.0.0.1:{gate}"
        )
        file = tmp_path / "Caddyfile"
        file.write_text("{\n\tadmin off\n\tauto_https off\n}\n" + text)
        command = [caddy, "run", "--adapter", "caddyfile", "--config", str(file)]
        with running(command, port, tmp_path / "output.txt"):
            stranger = ask(port, "/me", forged)
            person = ask(port, "/me", SIGNED_IN | forged)
            page = ask(port, "/calendars/token", forged)

    assert (stranger.status_code, stranger.headers["location"]) == (302, "https://auth.example.com/")
    assert person.text == f"/me {[PERSON]}"
    assert page.text == "/calendars/token []"
