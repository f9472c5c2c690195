"""SkyFlask, the application of the deployment guide: its pages, its API, its files, and what it refuses."""

from __future__ import annotations

import http.client
import io
import os
import re
import runpy
import shutil
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode
from wsgiref.simple_server import WSGIRequestHandler, make_server
from wsgiref.validate import validator

import pytest
from werkzeug.security import generate_password_hash  # comes with flask

FOLDER = Path(__file__).resolve().parents[2] / "examples" / "skycmdb"
PASSWORD = "correct horse battery"
CSRF = re.compile(r'name="csrf_token" value="([^"]+)"')


@pytest.fixture(scope="session")
def skyflask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The package, imported with a database of its own for the instance that importing makes."""
    patch = pytest.MonkeyPatch()
    patch.setenv("SKY_DATABASE", str(tmp_path_factory.mktemp("sky") / "imported.sqlite3"))
    patch.setenv("SKY_ADMIN_PASSWORD", PASSWORD)
    for name in ("SKY_SECRET_KEY", "SKY_COOKIE_SECURE"):
        patch.delenv(name, raising=False)
    patch.syspath_prepend(str(FOLDER))
    import SkyFlask

    yield SkyFlask
    patch.undo()


@pytest.fixture(scope="session")
def prepared(skyflask: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new database, its admin's password hashed so cheaply that every test can log in."""
    path = tmp_path_factory.mktemp("prepared") / "sky.sqlite3"
    skyflask.create_app({"DATABASE": str(path), "ADMIN_PASSWORD": PASSWORD})
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        cheap = generate_password_hash(PASSWORD, "pbkdf2:sha256:10")
        database.execute("UPDATE users SET password = ?", [cheap])
    return path


@pytest.fixture
def app(skyflask: Any, prepared: Path, tmp_path: Path) -> Any:
    # Not TESTING: errors must take the way that visitors see.
    shutil.copy(prepared, tmp_path)
    return skyflask.create_app({"DATABASE": str(tmp_path / "sky.sqlite3"), "ADMIN_PASSWORD": "not used"})


@pytest.fixture
def stranger(app: Any) -> Any:
    return app.test_client()


@pytest.fixture
def client(app: Any) -> Any:
    client = app.test_client()
    assert log_in(client).status_code == 303
    return client


@pytest.fixture
def api(app: Any) -> Any:
    """A client that shows a token and keeps no cookie."""
    token = app.test_cli_runner().invoke(args=["new-token", "admin", "test"]).output.strip()
    client = app.test_client(use_cookies=False)
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    return client


def csrf(client: Any, path: str = "/account") -> str:
    return CSRF.search(client.get(path).text)[1]


def log_in(client: Any, name: str = "admin", password: str = PASSWORD, **more: Any) -> Any:
    return client.post("/login", data={"name": name, "password": password, "csrf_token": csrf(client, "/login")} | more)


def post(client: Any, path: str, **fields: Any) -> Any:
    return client.post(path, data={"csrf_token": csrf(client), **fields})


def fields(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "environment": "production", **more}


def add(api: Any, name: str, **more: Any) -> dict[str, Any]:
    answer = api.post("/api/hosts", json=fields(name, **more))
    assert answer.status_code == 201, answer.text
    return answer.json


def names(answer: Any) -> list[str]:
    return [host["name"] for host in answer.json["items"]]


def listed(answer: Any) -> list[str]:
    assert answer.status_code == 200
    return re.findall(r'<th scope="row"><a href="[^"]+">([^<]+)</a>', answer.text)


def send_csv(client: Any, content: str | bytes, **choices: str) -> Any:
    data = content if isinstance(content, bytes) else content.encode()
    return post(client, "/hosts/import", file=(io.BytesIO(data), "hosts.csv"), **choices)


def count(api: Any) -> int:
    return api.get("/api/hosts").json["total"]


# --- who may come in


@pytest.mark.parametrize("path", ["/", "/hosts/new", "/hosts/1", "/hosts/import", "/hosts/export.csv", "/account"])
def test_a_stranger_is_sent_to_the_login(stranger, path):
    answer = stranger.get(path + "?q=a%26b")
    assert answer.status_code == 303
    where, _, query = answer.location.partition("?")
    assert (where, parse_qs(query)) == ("/login", {"next": [path + "?q=a%26b"]})


def test_every_route_but_three_wants_a_login(app, stranger):
    adapter = app.url_map.bind("")
    open_to_all = set()
    for rule in app.url_map.iter_rules():
        path = adapter.build(rule.endpoint, dict.fromkeys(rule.arguments, 1))
        for method in rule.methods - {"OPTIONS", "HEAD"}:
            answer = stranger.open(path, method=method)
            if answer.status_code == 401 or (answer.status_code == 303 and answer.location.startswith("/login")):
                continue
            open_to_all.add((rule.endpoint, method))
    assert open_to_all == {("static", "GET"), ("health.healthz", "GET"), ("auth.login", "GET"), ("auth.login", "POST")}
    assert stranger.post("/login").status_code == 403  # open, but not without the form's secret


def test_login_and_logout(stranger):
    assert "admin" not in stranger.get("/login").text
    answer = log_in(stranger)
    assert (answer.status_code, answer.location) == (303, "/")
    assert "Log out" in stranger.get("/").text
    assert stranger.get("/login").location == "/"
    post(stranger, "/logout")
    assert stranger.get("/").status_code == 303


@pytest.mark.parametrize(("name", "password"), [("admin", "wrong"), ("nobody", PASSWORD), ("", ""), ("admin", "")])
def test_a_wrong_login_is_refused_in_the_same_words(stranger, name, password):
    answer = log_in(stranger, name, password)
    assert answer.status_code == 403
    assert "The name or the password is wrong." in answer.text
    assert stranger.get("/").status_code == 303


def test_a_login_starts_a_new_session_with_a_new_secret(stranger):
    before = csrf(stranger, "/login")
    log_in(stranger)
    assert csrf(stranger) != before


@pytest.mark.parametrize(
    ("target", "location"),
    [
        ("/hosts/1?x=1", "/hosts/1?x=1"),
        ("/?q=a%0ab", "/?q=a%0ab"),
        ("//evil.example/", "/"),
        ("///evil.example/", "/"),
        ("/\\evil.example/", "/"),
        ("/\t/evil.example/", "/"),
        ("\n//evil.example", "/"),
        ("http://evil.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("hosts/1", "/"),
        ("", "/"),
    ],
)
def test_after_the_login_one_stays_here(stranger, target, location):
    assert log_in(stranger, next=target).location == location
    assert stranger.get("/login", query_string={"next": target}).location == location


def test_session_cookie_flags(app):
    def flags(url: str) -> list[str]:
        return app.test_client().get("/login", base_url=url).headers["Set-Cookie"].split("; ")[1:]

    assert flags("http://sky.test") == ["HttpOnly", "Path=/", "SameSite=Lax"]
    assert flags("https://sky.test") == ["Secure", "HttpOnly", "Path=/", "SameSite=Lax"]
    app.config["COOKIE_ALWAYS_SECURE"] = True
    assert flags("http://sky.test") == ["Secure", "HttpOnly", "Path=/", "SameSite=Lax"]


def test_too_many_wrong_passwords_for_one_name(app, stranger):
    for _ in range(app.config["LOGIN_FAILURES"]):
        assert log_in(stranger, password="wrong").status_code == 403
    answer = log_in(stranger, name="ADMIN")
    assert answer.status_code == 429, "the right password, and another spelling of the name, come too late"
    assert 0 < int(answer.headers["Retry-After"]) <= app.config["LOGIN_WINDOW"]
    elsewhere = app.test_client()
    elsewhere.environ_base["REMOTE_ADDR"] = "192.0.2.7"
    assert log_in(elsewhere).status_code == 303, "another address is not locked out"
    with sqlite3.connect(app.config["DATABASE"]) as database:
        database.execute("UPDATE login_attempts SET at = at - ?", [app.config["LOGIN_WINDOW"]])
    assert log_in(stranger).status_code == 303


def test_too_many_names_from_one_address(app, stranger):
    app.config["LOGIN_FAILURES_ADDRESS"] = 3
    for number in range(3):
        assert log_in(stranger, name=f"guess{number}").status_code == 403
    assert log_in(stranger).status_code == 429


def test_a_right_password_clears_the_count(app, stranger):
    for _ in range(3):
        for _ in range(app.config["LOGIN_FAILURES"] - 1):
            assert log_in(stranger, password="wrong").status_code == 403
        assert log_in(stranger).status_code == 303
        post(stranger, "/logout")


def test_changing_the_password_ends_other_sessions(app, client):
    other = app.test_client()
    log_in(other)
    for current, new, again, said in [
        ("wrong", "new password", "new password", "is wrong"),
        (PASSWORD, "new password", "different", "differ"),
        (PASSWORD, "short", "short", "8 to 1000"),
    ]:
        post(client, "/account/password", current=current, new=new, again=again)
        assert said in client.get("/account").text
    assert other.get("/").status_code == 200
    post(client, "/account/password", current=PASSWORD, new="new password", again="new password")
    assert "is changed" in client.get("/account").text
    assert other.get("/").status_code == 303
    assert log_in(app.test_client()).status_code == 403
    assert log_in(app.test_client(), password="new password").status_code == 303


def test_passwords_and_tokens_are_kept_as_hashes(app, client):
    token = re.search(r"sky_[\w-]+", post(client, "/account/tokens", label="scan").text)[0]
    post(client, "/account/password", current=PASSWORD, new="new password", again="new password")
    with sqlite3.connect(app.config["DATABASE"]) as database:
        everything = "\n".join(database.iterdump())
    assert "scrypt:" in everything
    assert PASSWORD not in everything
    assert "new password" not in everything
    assert token not in everything


# --- forgery


@pytest.mark.parametrize(
    "path", ["/hosts/new", "/hosts/1/edit", "/hosts/1/delete", "/hosts/import", "/logout", "/account/tokens"]
)
@pytest.mark.parametrize("secret", [None, "", "wrong", "é"])
def test_a_post_without_the_sessions_secret_is_refused(client, api, path, secret):
    add(api, "web1")
    data = fields("web2") if secret is None else fields("web2", csrf_token=secret)
    answer = client.post(path, data=data)
    assert answer.status_code == 403
    assert "Go back" in answer.text
    assert names(api.get("/api/hosts")) == ["web1"]
    assert client.get("/").status_code == 200


def test_another_sessions_secret_is_refused(app, client):
    other = app.test_client()
    log_in(other)
    assert client.post("/hosts/new", data=fields("web1", csrf_token=csrf(other))).status_code == 403


def test_a_get_changes_nothing(client, api):
    host = add(api, "web1")
    assert "Delete web1?" in client.get(f"/hosts/{host['id']}/delete").text
    assert client.get("/logout").status_code == 405
    assert count(api) == 1


# --- hosts


def test_add_look_edit_delete(client):
    answer = post(
        client,
        "/hosts/new",
        **fields("web1.example.org", addresses="192.0.2.10, 2001:DB8:0::1\n192.0.2.10", owner="Web", notes="a\r\nb"),
    )
    assert answer.status_code == 303
    page = client.get(answer.location).text
    assert "web1.example.org is added." in page
    assert re.findall(r"<code>([^<]+)</code>", page) == ["192.0.2.10", "2001:db8::1"]
    assert ">a\nb</dd>" in page
    assert "web1.example.org is added." not in client.get(answer.location).text, "a message is shown once"

    form = client.get(answer.location + "/edit").text
    assert "192.0.2.10\n2001:db8::1</textarea>" in form
    revision = re.search(r'name="revision" value="(\d+)"', form)[1]
    changed = post(client, answer.location + "/edit", **fields("web2", addresses="10.0.0.1", revision=revision))
    assert changed.location == answer.location
    page = client.get(answer.location).text
    assert "web2" in page
    assert "192.0.2.10" not in page

    gone = post(client, answer.location + "/delete")
    assert (gone.status_code, gone.location) == (303, "/")
    assert "web2 is deleted." in client.get("/").text
    assert client.get(answer.location).status_code == 404


@pytest.mark.parametrize(
    ("wrong", "field", "said"),
    [
        ({"name": ""}, "name", "is missing"),
        ({"name": "a b"}, "name", "must be a host name"),
        ({"name": "-a"}, "name", "must be a host name"),
        ({"name": "a..b"}, "name", "must be a host name"),
        ({"name": "a" * 64}, "name", "must be a host name"),
        ({"name": "a." * 127 + "a"}, "name", "longer than 253"),
        ({"addresses": ["10.0.0.256"]}, "addresses", "'10.0.0.256'"),
        ({"addresses": ["10.0.0.1", "web", "::g"]}, "addresses", "'web', '::g'"),
        ({"addresses": ["10.0.0.0/8"]}, "addresses", "'10.0.0.0/8'"),
        ({"addresses": ["010.0.0.1"]}, "addresses", "'010.0.0.1'"),
        ({"addresses": ["fe80::1%eth0"]}, "addresses", "'fe80::1%eth0'"),
        ({"addresses": [f"10.0.0.{n}" for n in range(65)]}, "addresses", "at most 64"),
        ({"owner": "x" * 101}, "owner", "longer than 100"),
        ({"owner": "a\nb"}, "owner", "one line"),
        ({"owner": "a\x1bb"}, "owner", "control"),
        ({"notes": "x" * 10_001}, "notes", "longer than 10000"),
        ({"notes": "a\0b"}, "notes", "control"),
        ({"environment": ""}, "environment", "is missing"),
        ({"environment": "moon"}, "environment", "must be one of production"),
    ],
)
def test_a_host_that_makes_no_sense(client, api, wrong, field, said):
    answer = api.post("/api/hosts", json=fields("web1") | wrong)
    assert answer.status_code == 422
    assert list(answer.json["error"]["fields"]) == [field]
    assert said in answer.json["error"]["fields"][field]

    typed = {name: "\n".join(value) if isinstance(value, list) else value for name, value in wrong.items()}
    page = post(client, "/hosts/new", **(fields("web1", owner="kept") | typed))
    assert page.status_code == 422
    assert f'id="{field}-wrong"' in page.text
    assert field == "owner" or 'value="kept"' in page.text, "what was typed is not lost"
    assert count(api) == 0


def test_a_lone_surrogate_is_refused_and_not_an_accident(api):
    answer = api.post("/api/hosts", data='{"name": "a", "environment": "testing", "notes": "\\ud800"}',
                      content_type="application/json")  # fmt: skip
    assert answer.status_code == 422


def test_names_are_unique_whatever_their_case(client, api):
    host = add(api, "web1")
    other = add(api, "web2")
    assert post(client, "/hosts/new", **fields("WEB1")).status_code == 409
    assert "is taken by another host" in post(client, f"/hosts/{other['id']}/edit", **fields("Web1")).text
    assert post(client, f"/hosts/{host['id']}/edit", **fields("Web1")).status_code == 303, "its own name is free to it"
    assert names(api.get("/api/hosts")) == ["Web1", "web2"]


def test_two_people_edit_one_host(client, api):
    path = f"/hosts/{add(api, 'web1')['id']}/edit"
    revision = re.search(r'name="revision" value="(\d+)"', client.get(path).text)[1]
    assert post(client, path, **fields("web1", owner="first", revision=revision)).status_code == 303
    answer = post(client, path, **fields("web1", owner="second", revision=revision))
    assert answer.status_code == 409
    assert "Somebody else changed this host" in answer.text
    assert 'value="second"' in answer.text
    revision = re.search(r'name="revision" value="(\d+)"', answer.text)[1]
    assert post(client, path, **fields("web1", owner="second", revision=revision)).status_code == 303


def test_what_people_write_is_never_markup(client, api):
    attack = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{7*7}}"
    host = add(api, "web1", owner=attack, notes=attack + "\n</textarea>" + attack)
    for path in ["/", f"/hosts/{host['id']}", f"/hosts/{host['id']}/edit", f"/hosts/{host['id']}/delete"]:
        page = client.get(path, query_string={"q": attack} if path == "/" else {}).text
        assert "<script" not in page
        assert "<img src=x" not in page
        assert page.count("</textarea>") in (0, 2)
        assert not re.search(r"alert\(1\)&gt;49", page), "nor a template"
        assert "{{7*7}}" in page or path.endswith("delete")
    page = client.get("/", query_string={"owner": attack}).text
    assert "&lt;script&gt;" in page
    assert "<script" not in page
    report = send_csv(client, f"name,environment,addresses\nweb2,production,{attack}\n").text
    assert "&lt;script&gt;" in report
    assert "<script" not in report


# --- finding


@pytest.fixture
def fleet(api: Any) -> Any:
    add(api, "alpha", addresses=["10.0.0.10"], owner="Web", environment="production", notes="100% busy")
    add(api, "beta", addresses=["10.0.0.9", "2001:db8::2"], owner="web", environment="staging", notes="a_b")
    add(api, "Gamma", addresses=["192.0.2.1"], owner="Storage", environment="testing", notes="back\\slash")
    add(api, "delta", owner="", environment="development", notes="axb 100 机房")
    return api


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["alpha", "beta", "delta", "Gamma"]),
        ("q=GAM", ["Gamma"]),
        ("q=web", ["alpha", "beta"]),
        ("q=100%25", ["alpha"]),
        ("q=%25", ["alpha"]),
        ("q=_", ["beta"]),
        ("q=a_b", ["beta"]),
        ("q=%5C", ["Gamma"]),
        ("q='", []),
        ("q=%00", []),
        ("q=机房", ["delta"]),
        ("q=web+stag", ["beta"]),
        ("q=10.0.0.", ["alpha", "beta"]),
        ("q=10.0.0.1", []),
        ("q=10.0.0.8/31", ["beta"]),
        ("q=10.0.0.0/8", ["alpha", "beta"]),
        ("q=2001:0DB8:0::2", ["beta"]),
        ("q=2001:db8::/32", ["beta"]),
        ("q=::/0", ["beta"]),
        ("environment=staging", ["beta"]),
        ("owner=WEB", ["alpha", "beta"]),
        ("owner=%25", []),
        ("owner=web&environment=production&q=busy", ["alpha"]),
        ("sort=name&order=desc", ["Gamma", "delta", "beta", "alpha"]),
        ("sort=address", ["delta", "beta", "alpha", "Gamma"]),
        ("sort=address&order=desc", ["Gamma", "alpha", "beta", "delta"]),
        ("sort=environment", ["delta", "alpha", "beta", "Gamma"]),
        ("sort=owner", ["delta", "Gamma", "alpha", "beta"]),
    ],
)
def test_search_filter_and_sort_are_the_same_everywhere(client, fleet, query, found):
    assert names(fleet.get(f"/api/hosts?{query}")) == found
    assert listed(client.get(f"/?{query}")) == found
    exported = client.get(f"/hosts/export.csv?{query}").text.splitlines()
    assert [line.split(",")[0] for line in exported[1:]] == found


def test_the_columns_sort_both_ways_and_keep_the_search(client, fleet):
    page = client.get("/?q=a&per_page=10").text
    assert 'aria-sort="ascending"' in page
    links = re.findall(r'<th scope="col"[^>]*>\s*<a href="([^"]+)"', page)
    assert len(links) == 5
    for link in links:
        assert "q=a" in link
        assert "per_page=10" in link
        assert listed(client.get(link.replace("&amp;", "&")))
    assert "order=desc" in links[0]
    assert listed(client.get(links[0].replace("&amp;", "&"))) == ["Gamma", "delta", "beta", "alpha"]


@pytest.mark.parametrize(
    ("query", "first", "number"),
    [
        ("per_page=10", "h01", 1),
        ("per_page=10&page=2", "h11", 2),
        ("per_page=10&page=3", "h21", 3),
        ("per_page=10&page=4", "h21", 3),
        ("per_page=10&page=999999999999999999999999", "h01", 1),
        ("per_page=10&page=1000000000", "h21", 3),
        ("per_page=10&page=0", "h01", 1),
        ("per_page=10&page=-1", "h01", 1),
        ("per_page=10&page=two", "h01", 1),
        ("per_page=10&page=²", "h01", 1),
        ("per_page=0", "h01", 1),
        ("per_page=100000", "h01", 1),
        ("sort=password&order=sideways&environment=moon", "h01", 1),
        ("q=" + "x" * 201, "h01", 1),
    ],
)
def test_pages_of_the_list(client, api, query, first, number):
    send_csv(client, "name,environment\n" + "".join(f"h{n:02},testing\n" for n in range(1, 26)))
    answer = client.get(f"/?{query}")
    assert listed(answer)[0] == first
    assert f"Page {number} of " in answer.text


def test_every_host_is_on_exactly_one_page(client, api):
    send_csv(client, "name,environment\n" + "".join(f"h{n},testing\n" for n in range(41)))
    for sort in ("name", "address", "owner", "environment", "updated"):
        path, seen = f"/?per_page=7&sort={sort}", []
        while path:
            page = client.get(path)
            seen += listed(page)
            following = re.search(r'rel="next" href="([^"]+)"', page.text)
            path = following and following[1].replace("&amp;", "&")
        assert sorted(seen) == sorted(f"h{n}" for n in range(41))


def test_an_empty_list_says_what_to_do(client, api):
    assert "There is no host yet" in client.get("/").text
    add(api, "web1")
    assert "No host matches" in client.get("/?q=nothing").text


# --- the API


def test_one_host_through_the_api(api):
    made = api.post("/api/hosts", json=fields("web1", addresses=["::1", "::1"], owner=" Web ", notes="n"))
    assert made.status_code == 201
    host = made.json
    assert made.headers["Location"] == host["url"] == f"/api/hosts/{host['id']}"
    assert (host["addresses"], host["owner"]) == (["::1"], "Web")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", host["created_at"])

    got = api.get(host["url"])
    assert got.json == host
    assert api.get(host["url"], headers={"If-None-Match": got.headers["ETag"]}).status_code == 304

    put = api.put(host["url"], json=host | {"owner": "Ops"}, headers={"If-Match": got.headers["ETag"]})
    assert (put.status_code, put.json["owner"], put.json["addresses"]) == (200, "Ops", ["::1"])
    assert put.headers["ETag"] != got.headers["ETag"]
    assert put.json["created_at"] == host["created_at"]
    late = {"If-Match": got.headers["ETag"]}
    assert api.put(host["url"], json=host, headers=late).status_code == 412
    assert api.delete(host["url"], headers=late).status_code == 412
    assert api.delete(host["url"], headers={"If-Match": '"mine"'}).status_code == 412
    assert api.put(host["url"], json=fields("web1")).json["owner"] == "", "what a PUT leaves out becomes empty"

    gone = api.delete(host["url"])
    assert (gone.status_code, gone.data) == (204, b"")
    for method in (api.get, api.delete):
        assert method(host["url"]).status_code == 404
    assert api.put(host["url"], json=host).status_code == 404


def test_pages_of_the_api(api):
    for number in range(5):
        add(api, f"h{number}")
    answer = api.get("/api/hosts?per_page=2&page=3").json
    assert [host["name"] for host in answer.pop("items")] == ["h4"]
    assert answer == {"page": 3, "per_page": 2, "pages": 3, "total": 5}
    assert api.get("/api/hosts?per_page=2&page=4").json["items"] == []
    assert api.get("/api/hosts?page=1000000000&per_page=200").json["items"] == []


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("page=0", "page"), ("page=x", "page"), ("page=1000000001", "page"), ("per_page=201", "per_page"),
        ("sort=id", "sort"), ("order=up", "order"), ("environment=moon", "environment"), ("q=" + "x" * 201, "q"),
    ],
)  # fmt: skip
def test_a_list_that_cannot_be_meant(api, query, field):
    answer = api.get(f"/api/hosts?{query}")
    assert answer.status_code == 400
    assert list(answer.json["error"]["fields"]) == [field]


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/api/nothing", {}, 404),
        ("GET", "/api", {}, 404),
        ("GET", "/api/hosts/99999999999999999999", {}, 404),
        ("GET", "/api/hosts/9223372036854775807", {}, 404),
        ("PATCH", "/api/hosts", {}, 405),
        ("POST", "/api/hosts", {"data": "{}"}, 415),
        ("POST", "/api/hosts", {"data": "{", "content_type": "application/json"}, 400),
        ("POST", "/api/hosts", {"data": b"\xff", "content_type": "application/json"}, 400),
        ("POST", "/api/hosts", {"json": []}, 400),
        ("POST", "/api/hosts", {"data": "null", "content_type": "application/json"}, 400),
        ("POST", "/api/hosts", {"json": {}}, 422),
        ("POST", "/api/hosts", {"json": {"name": 1, "environment": "testing"}}, 422),
        ("POST", "/api/hosts", {"json": {"name": "a", "environment": None}}, 422),
        ("POST", "/api/hosts", {"json": {"name": "a", "environment": "testing", "addresses": "::1"}}, 422),
        ("POST", "/api/hosts", {"json": {"name": "a", "environment": "testing", "addresses": [1]}}, 422),
        ("POST", "/api/hosts", {"json": {"name": "a", "environment": "testing", "onwer": "x"}}, 422),
        ("POST", "/api/hosts", {"data": b" " * (8 * 2**20 + 1), "content_type": "application/json"}, 413),
    ],
)
def test_api_errors_are_json(api, method, path, body, status):
    answer = api.open(path, method=method, **body)
    assert answer.status_code == status
    assert answer.content_type == "application/json"
    assert answer.json["error"]["status"] == status
    assert answer.json["error"]["message"]
    assert count(api) == 0
    if status == 405:
        assert "POST" in answer.headers["Allow"]


def test_all_complaints_come_at_once(api):
    answer = api.post("/api/hosts", json={"name": "a b", "owner": 1, "environment": "moon", "color": "red"})
    assert set(answer.json["error"]["fields"]) == {"name", "owner", "environment", "color"}


def test_a_name_that_is_taken(api):
    add(api, "web1")
    other = add(api, "web2")
    assert api.post("/api/hosts", json=fields("WEB1")).status_code == 409
    assert api.put(other["url"], json=fields("web1")).status_code == 409
    assert names(api.get("/api/hosts")) == ["web1", "web2"]


@pytest.mark.parametrize("header", [None, "Bearer", "Bearer sky_wrong", "Bearer é", "Basic YTpi"])
def test_the_api_wants_to_know_who(stranger, header):
    answer = stranger.get("/api/hosts", headers={"Authorization": header} if header else {})
    assert answer.status_code == 401
    assert answer.json["error"]["status"] == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert "Set-Cookie" not in answer.headers


def test_a_session_may_use_the_api_but_must_show_its_secret(client, api):
    session = client.get("/api/session").json
    assert session["user"] == "admin"
    assert client.get("/api/hosts").status_code == 200
    assert client.post("/api/hosts", json=fields("web1")).status_code == 403
    secret = {"X-CSRF-Token": session["csrf_token"]}
    assert client.post("/api/hosts", json=fields("web1"), headers=secret).status_code == 201
    wrong_token = {"Authorization": "Bearer wrong"} | secret
    assert client.delete("/api/hosts/1", headers=wrong_token).status_code == 401, "the cookie does not help a bad token"
    assert api.get("/api/session").json == {"user": "admin", "csrf_token": None}


def test_a_token_opens_the_api_only_and_can_be_revoked(app, client):
    page = post(client, "/account/tokens", label="<b>scan</b>").text
    token = re.search(r"sky_[\w-]+", page)[0]
    assert "&lt;b&gt;scan" in page
    assert token not in client.get("/account").text
    program, shown = app.test_client(), {"Authorization": f"Bearer {token}"}
    assert program.get("/api/hosts", headers=shown).status_code == 200
    assert program.get("/", headers=shown).status_code == 303
    number = re.search(r"/account/tokens/(\d+)/revoke", page)[1]
    app.test_cli_runner().invoke(args=["add-user", "eve", "--password", "evil password"])
    eve = app.test_client()
    log_in(eve, "eve", "evil password")
    assert post(eve, f"/account/tokens/{number}/revoke").status_code == 404, "a token is its owner's"
    assert post(client, f"/account/tokens/{number}/revoke").status_code == 303
    assert program.get("/api/hosts", headers=shown).status_code == 401


# --- CSV


def test_an_exported_file_comes_back_the_same(client, api):
    add(api, "web1", addresses=["10.0.0.1", "::1"], owner="=cmd()", notes='a "b", c\n\nd; é 机')
    add(api, "web2", owner="'=x", notes="''-y")
    add(api, "web3", owner="'plain", notes="@home")
    before = api.get("/api/hosts").json["items"]
    answer = client.get("/hosts/export.csv")
    assert answer.content_type == "text/csv; charset=utf-8"
    assert re.fullmatch(r'attachment; filename="hosts-\d{4}-\d\d-\d\d\.csv"', answer.headers["Content-Disposition"])
    assert ",'=cmd()," in answer.text, "no cell is a spreadsheet's formula"
    assert "1 unchanged" not in send_csv(client, answer.data, update="yes").text
    assert "0 added, 0 updated, 3 unchanged" in send_csv(client, answer.data, update="yes").text
    for host in before:
        api.delete(host["url"])
    assert "3 added" in send_csv(client, answer.data).text

    def content(hosts: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
        return [
            tuple(host[field] for field in ("name", "addresses", "owner", "environment", "notes")) for host in hosts
        ]

    assert content(api.get("/api/hosts").json["items"]) == content(before)


def test_the_export_is_sent_in_pieces(client, api):
    send_csv(client, "name,environment,notes\n" + "".join(f"h{n},testing,{'x' * 1000}\n" for n in range(500)))
    answer = client.get("/hosts/export.csv", buffered=False)
    assert "Content-Length" not in answer.headers
    pieces = list(answer.response)
    answer.close()
    assert len(pieces) > 3
    assert max(map(len, pieces)) < 70_000
    assert b"".join(pieces).count(b"\n") == 501


def test_a_write_during_an_export_waits_for_nobody(client, api):
    send_csv(client, "name,environment,notes\n" + "".join(f"h{n},testing,{'x' * 1000}\n" for n in range(500)))
    answer = client.get("/hosts/export.csv", buffered=False)
    pieces = iter(answer.response)
    begin = next(pieces)
    assert api.delete("/api/hosts/500").status_code == 204
    assert (begin + b"".join(pieces)).count(b"\n") == 501, "the file shows one moment"
    answer.close()


GOOD_AND_BAD = """name,addresses,owner,environment,notes
web1,10.0.0.1,Web,production,
web 2,10.0.0.2,Web,production,

"web3","10.0.0.3
10.0.0.4",Web,production,"two
lines"
web4,10.0.0.5,Web
web5,10.0.0.555,Web,moon,
WEB1,,,production,
"""
COMPLAINTS = [
    "Line 3: name: must be a host name",
    "Line 8: has 3 cells where the header has 5",
    "Line 9: addresses: not an IPv4 or IPv6 address: &#39;10.0.0.555&#39;; environment: must be one of",
    "Line 10: name: WEB1 is on line 2 already",
]


def test_one_bad_line_keeps_the_whole_file_out(client, api):
    answer = send_csv(client, GOOD_AND_BAD)
    assert answer.status_code == 422
    assert "Nothing was imported:</strong> 4 bad lines" in answer.text
    assert [said for said in COMPLAINTS if said not in answer.text] == []
    assert count(api) == 0


def test_or_the_bad_lines_are_left_out(client, api):
    answer = send_csv(client, GOOD_AND_BAD, skip="yes")
    assert answer.status_code == 200
    assert "2 added, 0 updated, 0 unchanged, 4 left out" in answer.text
    assert [said for said in COMPLAINTS if said not in answer.text] == []
    hosts = api.get("/api/hosts").json["items"]
    assert [(host["name"], host["addresses"]) for host in hosts] == [
        ("web1", ["10.0.0.1"]),
        ("web3", ["10.0.0.3", "10.0.0.4"]),
    ]
    assert hosts[1]["notes"] == "two\nlines"


def test_hosts_that_exist_are_refused_or_updated(client, api):
    add(api, "web1", owner="Web", notes="keep", addresses=["10.0.0.1"])
    text = "name,environment,owner\nweb1,staging,Ops\nweb2,testing,\n"
    assert "Line 2: name: a host web1 exists already" in send_csv(client, text).text
    assert count(api) == 1
    assert "1 added, 1 updated, 0 unchanged" in send_csv(client, text, update="yes").text
    host = api.get("/api/hosts/1").json
    assert (host["owner"], host["environment"]) == ("Ops", "staging")
    assert (host["notes"], host["addresses"]) == ("keep", ["10.0.0.1"]), "columns the file does not have are left alone"


@pytest.mark.parametrize(
    "text",
    [
        "name;addresses;environment\nweb1;10.0.0.1, 10.0.0.2;testing\n",
        "\ufeffname,environment,addresses\r\nweb1,testing,10.0.0.1;10.0.0.2\r\n",
        "Environment\t NAME \taddresses\nTesting\tweb1\t10.0.0.1 10.0.0.2",
        'name,environment,addresses,updated_at\nweb1,testing,"10.0.0.1,10.0.0.2",yesterday\n,,,\n',
    ],
)
def test_dialects_of_csv(client, api, text):
    assert "1 added" in send_csv(client, text).text
    host = api.get("/api/hosts/1").json
    assert (host["name"], host["environment"], host["addresses"]) == ("web1", "testing", ["10.0.0.1", "10.0.0.2"])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "Line 1: the file is empty"),
        (b"name,color,environment\n", "Line 1: unknown columns &#39;color&#39;"),
        (b"name,name,environment\n", "Line 1: names a column twice"),
        (b"name,owner\n", "Line 1: the column &#39;environment&#39; is missing"),
        (b"name,environment\nok,testing\nb\xe9,testing\n", "Line 3: is not UTF-8"),
        ("name,environment\n".encode("utf-16"), "Line 1: is not UTF-8"),
        (b"name,environment\nok,testing\na\0b,testing\n", "Line 3: holds a zero byte"),
        (b'name,environment\nok,testing\n"b,testing\n', "Line 3: is not well-formed CSV"),
        (b'name,environment\n"b"x,testing\n', "Line 2: is not well-formed CSV"),
        (b"x" * 200_000, "Line 1: is not well-formed CSV"),
        (b"\x89PNG\r\n", "Line 1: is not UTF-8"),
    ],
)
@pytest.mark.parametrize("skip", ["yes", "no"])
def test_a_file_that_cannot_be_read_is_not_half_imported(client, api, content, said, skip):
    answer = send_csv(client, content, skip=skip)
    assert answer.status_code == 422
    assert said in answer.text
    assert "Nothing was imported" in answer.text
    assert count(api) == 0


def test_many_bad_lines_are_counted_and_the_first_are_shown(client, api):
    answer = send_csv(client, "name,environment\n" + "?,testing\n" * 1234)
    assert "1234 bad lines" in answer.text
    assert answer.text.count("<li>Line ") == 100
    assert "These are the first 100." in answer.text


def test_no_file_is_said_kindly(client):
    assert "Choose a file first." in post(client, "/hosts/import").text


def test_a_file_of_several_megabytes(client, api):
    lines = "".join(f"h{n},10.{n >> 16}.{n >> 8 & 255}.{n & 255},Team,testing,{'n' * 200}\n" for n in range(15_000))
    assert 3 * 2**20 < len(lines) < 8 * 2**20
    assert "15000 added" in send_csv(client, "name,addresses,owner,environment,notes\n" + lines).text
    assert count(api) == 15_000


def test_a_file_that_is_too_large(client, api):
    answer = send_csv(client, b"name,environment\n" + b"x" * 8 * 2**20)
    assert answer.status_code == 413
    assert "Cut the file" in answer.text


# --- errors, health, headers


def test_error_pages(app, client, monkeypatch, caplog):
    answer = client.get("/nothing/here")
    assert answer.status_code == 404
    assert "There is nothing here" in answer.text
    assert "Log out" in answer.text
    assert client.put("/hosts/new").headers["Allow"]

    def fall(*_args: object, **_more: object) -> None:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setitem(app.view_functions, "pages.index", fall)
    monkeypatch.setitem(app.view_functions, "api.index", fall)
    page, answer = client.get("/"), client.get("/api/hosts")
    assert page.status_code == answer.status_code == 500
    assert "The reason is in the server" in page.text
    assert answer.json["error"]["status"] == 500
    assert "secret detail" not in page.text + answer.text
    assert "secret detail" in caplog.text


def test_a_database_that_is_gone_is_an_error_page_too(app, client):
    with sqlite3.connect(app.config["DATABASE"]) as database:
        database.execute("DROP TABLE users")
    answer = client.get("/")
    assert answer.status_code == 500
    assert "The reason is in the server" in answer.text


def test_healthz(app, stranger):
    answer = stranger.get("/healthz")
    assert (answer.status_code, answer.json) == (200, {"status": "ok"})
    assert "Set-Cookie" not in answer.headers
    with sqlite3.connect(app.config["DATABASE"]) as database:
        database.execute("ALTER TABLE hosts RENAME TO elsewhere")
    assert stranger.get("/healthz").status_code == 503


def test_what_every_page_tells_the_browser(client):
    for path in ["/", "/login", "/nothing", "/account", "/static/sky.css"]:
        headers = client.get(path).headers
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert ("no-store" in headers["Cache-Control"]) == (path != "/static/sky.css")
    for path in ["/static/sky.css", "/healthz"]:
        assert "Set-Cookie" not in client.get(path).headers, "nothing that may be cached carries a session"


def test_pages_need_nothing_that_their_policy_forbids(client, api):
    host = add(api, "web1", addresses=["::1"])
    for path in ["/", "/hosts/new", f"/hosts/{host['id']}", "/hosts/import", "/account", "/nothing"]:
        page = client.get(path).text
        assert not re.search(r"<script|<style|\sstyle=|\son\w+=|https?://(?!www\.w3\.org)", page), path
        for link in re.findall(r'<(?:link|img)[^>]+(?:href|src)="([^"]+)"', page):
            assert client.get(link).status_code == 200


# --- starting


def start(database: Path, **environment: str) -> subprocess.Popen[str]:
    """Load the application as a server would, from its entry file, in a process of its own."""
    code = "import runpy; print(runpy.run_path('SKY.wsgi', run_name='uwsgi_file_SKY_wsgi')['application'].secret_key)"
    clean = {name: value for name, value in os.environ.items() if not name.startswith("SKY_")}
    return subprocess.Popen(
        [sys.executable, "-B", "-c", f"import sys; sys.path.insert(0, '.'); {code}"],
        cwd=FOLDER,
        env=clean | {"SKY_DATABASE": str(database)} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_several_first_starts_at_once_agree(skyflask, tmp_path):
    database = tmp_path / "new" / "folder" / "sky.sqlite3"
    outputs = [process.communicate(timeout=60) for process in [start(database) for _ in range(6)]]
    keys = {out for out, _ in outputs}
    assert len(keys) == 1
    assert len(keys.pop().strip()) >= 40
    invented = [line for _, err in outputs for line in err.splitlines()]
    assert len(invented) == 1, "the password is printed once, by the process that made it, and nothing else is said"
    password = re.search(r"with the password (\S+) ", invented[0])[1]
    assert sorted(file.name for file in database.parent.iterdir()) == [
        "secret.key", "sky.sqlite3", "sky.sqlite3.lock",
    ]  # fmt: skip
    for file in database.parent.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
    client = skyflask.create_app({"DATABASE": str(database), "ADMIN_PASSWORD": None}).test_client()
    assert log_in(client, password=password).status_code == 303


def test_the_secret_key_may_be_given(skyflask, tmp_path):
    out, err = start(tmp_path / "a.sqlite3", SKY_SECRET_KEY="0123456789abcdef", SKY_ADMIN_PASSWORD="x").communicate()
    assert (out.strip(), err) == ("0123456789abcdef", "")
    assert not (tmp_path / "secret.key").exists()
    process = start(tmp_path / "a.sqlite3", SKY_SECRET_KEY="short")
    assert "SKY_SECRET_KEY has 5 characters" in process.communicate()[1]
    assert process.returncode == 1


def test_a_session_outlives_a_restart(skyflask, app, client):
    again = skyflask.create_app({"DATABASE": app.config["DATABASE"]})
    visitor = again.test_client()
    visitor.set_cookie("sky_session", client.get_cookie("sky_session").value)
    assert visitor.get("/").status_code == 200


def test_a_place_where_nothing_can_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    process = start(tmp_path / "file" / "sky.sqlite3")
    _, err = process.communicate()
    assert process.returncode == 1
    assert f"cannot prepare the database {tmp_path}/file/sky.sqlite3" in err
    assert "SKY_DATABASE" in err


def test_a_database_of_a_newer_version_is_left_alone(skyflask, app):
    with sqlite3.connect(app.config["DATABASE"]) as database:
        database.execute("PRAGMA user_version = 99")
    with pytest.raises(RuntimeError, match="newer SkyFlask"):
        skyflask.create_app({"DATABASE": app.config["DATABASE"]})


def test_an_older_database_is_brought_up_to_date_or_left_as_it_was(skyflask, app, client, monkeypatch, tmp_path):
    from SkyFlask import db

    overrides = {"DATABASE": app.config["DATABASE"]}
    step = tmp_path / "step.sql"  # an absolute path stands for itself
    step.write_text("ALTER TABLE hosts ADD COLUMN rack TEXT NOT NULL DEFAULT '';\nINSERT INTO nowhere VALUES (1);\n")
    monkeypatch.setattr(db, "VERSIONS", (*db.VERSIONS, str(step)))
    with pytest.raises(RuntimeError, match="nowhere"):
        skyflask.create_app(overrides)
    assert client.get("/").status_code == 200
    step.write_text("-- a; b\nALTER TABLE hosts ADD COLUMN rack TEXT NOT NULL DEFAULT '';\n")
    for _ in range(2):
        skyflask.create_app(overrides)
    with sqlite3.connect(app.config["DATABASE"]) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (2,)
        assert [row[1] for row in database.execute("PRAGMA table_info(hosts)")].count("rack") == 1


def test_the_database_is_in_wal_mode_and_follows_its_references(app, client, api):
    host = add(api, "web1", addresses=["::1"])
    api.delete(host["url"])
    with sqlite3.connect(app.config["DATABASE"]) as database:
        assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert database.execute("SELECT COUNT(*) FROM addresses").fetchone() == (0,)


def test_commands(app, stranger):
    run = app.test_cli_runner().invoke
    assert "ready" in run(args=["init-db"]).output
    assert run(args=["where"]).output.strip() == app.config["DATABASE"]
    assert run(args=["add-user", "bob", "--password", "bobs password"]).exit_code == 0
    assert run(args=["add-user", "Bob", "--password", "bobs password"]).exit_code == 1
    assert run(args=["add-user", "eve", "--password", "short"]).exit_code == 1
    assert run(args=["set-password", "nobody", "--password", "bobs password"]).exit_code == 1
    assert run(args=["new-token", "nobody", "x"]).exit_code == 1
    assert log_in(stranger, "bob", "bobs password").status_code == 303
    assert run(args=["set-password", "bob", "--password", "new password"]).exit_code == 0
    assert stranger.get("/").status_code == 303
    assert log_in(stranger, "bob", "new password").status_code == 303


# --- a real server, strictly watched


class QuietHandler(WSGIRequestHandler):
    def log_message(self, *_args: object) -> None:
        pass


@pytest.fixture
def server(skyflask: Any, app: Any) -> Iterator[tuple[str, int]]:
    """The application behind the validator, mounted below a prefix, on a socket of its own."""
    checked = validator(app)

    def mounted(environ: dict[str, Any], start_response: Any) -> Any:
        if environ["PATH_INFO"].startswith("/cmdb/"):
            environ["SCRIPT_NAME"], environ["PATH_INFO"] = "/cmdb", environ["PATH_INFO"][5:]
        return checked(environ, start_response)

    server = make_server("127.0.0.1", 0, mounted, handler_class=QuietHandler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_address
    server.shutdown()
    thread.join()
    server.server_close()


class Browser:
    """As much of a browser as the pages need: a cookie and forms."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.address = address
        self.cookie = ""

    def ask(self, method: str, path: str, body: bytes = b"", kind: str = "") -> tuple[int, dict[str, str], str]:
        connection = http.client.HTTPConnection(*self.address, timeout=30)
        headers = {"Cookie": self.cookie} | ({"Content-Type": kind} if kind else {})
        connection.request(method, path, body or None, headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        assert "AssertionError" not in text
        if answer.headers["Set-Cookie"]:
            self.cookie = answer.headers["Set-Cookie"].partition(";")[0]
        return answer.status, dict(answer.headers), text

    def post(self, path: str, form_path: str, **data: str) -> tuple[int, dict[str, str], str]:
        data["csrf_token"] = CSRF.search(self.ask("GET", form_path)[2])[1]
        return self.ask("POST", path, urlencode(data).encode(), "application/x-www-form-urlencoded")


@pytest.mark.parametrize("prefix", ["", "/cmdb"])
def test_a_visit_over_http(server, prefix):
    browser = Browser(server)
    assert browser.ask("GET", f"{prefix}/healthz")[0] == 200
    status, headers, _ = browser.ask("GET", f"{prefix}/hosts/new")
    assert (status, headers["Location"]) == (303, f"{prefix}/login?next={prefix}/hosts/new")
    status, headers, _ = browser.post(
        f"{prefix}/login", f"{prefix}/login", name="admin", password=PASSWORD, next=f"{prefix}/hosts/new"
    )
    assert (status, headers["Location"]) == (303, f"{prefix}/hosts/new")
    status, headers, _ = browser.post(f"{prefix}/hosts/new", f"{prefix}/hosts/new", **fields("web1", notes="机房"))
    assert status == 303
    assert headers["Location"].startswith(f"{prefix}/hosts/")
    assert "机房" in browser.ask("GET", headers["Location"])[2]
    assert "web1" in browser.ask("GET", f"{prefix}/?q=web")[2]
    assert browser.ask("GET", f"{prefix}/hosts/export.csv")[2].startswith("name,addresses,")
    status, headers, text = browser.ask("HEAD", f"{prefix}/hosts/export.csv")
    assert (status, text) == (200, "")
    assert browser.ask("GET", f"{prefix}/api/hosts")[0] == 200
    assert browser.ask("GET", f"{prefix}/static/sky.css")[0] == 200
    assert browser.ask("GET", f"{prefix}/nothing")[0] == 404
    assert browser.ask("POST", f"{prefix}/logout")[0] == 403
    assert browser.post(f"{prefix}/logout", f"{prefix}/")[0] == 303
    assert browser.ask("GET", f"{prefix}/")[0] == 303


def test_two_writers_in_two_threads_lose_nothing(app, api):
    token = api.environ_base["HTTP_AUTHORIZATION"]
    statuses = []

    def write(who: str) -> None:
        client = app.test_client(use_cookies=False)
        client.environ_base["HTTP_AUTHORIZATION"] = token
        statuses.extend(client.post("/api/hosts", json=fields(f"{who}{n}")).status_code for n in range(25))

    threads = [threading.Thread(target=write, args=(who,)) for who in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(statuses) == {201}
    assert count(api) == 100


# --- the files beside it


def test_the_entry_file_exports_the_application(skyflask):
    assert runpy.run_path(str(FOLDER / "SKY.wsgi"), run_name="uwsgi_file_SKY_wsgi")["application"] is skyflask.sky


def test_the_readme_names_what_there_is(app):
    readme = (FOLDER / "README.md").read_text()
    source = "".join(file.read_text() for file in (FOLDER / "SkyFlask").glob("*.py"))
    variables = set(re.findall(r'environ\.get\("(SKY_\w+)"', source))
    assert variables == set(re.findall(r"^\| `(SKY_\w+)` \|", readme, re.MULTILINE))
    ours = set(app.cli.commands) - {"routes", "run", "shell"}
    assert ours == set(re.findall(r"^\$ flask --app SkyFlask (\S+)", readme, re.MULTILINE))
    ini = (FOLDER / "etc/vassals/skycmdb.ini").read_text()
    assert "env = SKY_DATABASE=" in ini
    for line in ini.splitlines()[1:]:
        assert not line or line.startswith("##") or re.fullmatch(r"[a-z-]+ = \S+", line), line
