"""TLS sockets and names: text into contexts."""

import pytest

from imperator.config.tls import Context
from tests.config.reading import ini


@pytest.mark.parametrize(
    ("option", "protocol", "keepalive"),
    [
        ("https-socket", "http", False), ("https", "http", True), ("suwsgi-socket", "uwsgi", False),
        ("ssl-socket", "uwsgi", False),
    ],
)  # fmt: skip
def test_a_socket(tmp_path, option, protocol, keepalive):
    got = ini(tmp_path, f"{option} = 127.0.0.1:8443,a.crt,/k/a.key", "chdir = /elsewhere")
    one = got.settings.listen[0]
    assert got.codes == []
    assert (str(one.endpoint), one.address, one.protocol, one.keepalive) == (
        "127.0.0.1:8443", "127.0.0.1:8443", protocol, keepalive)  # fmt: skip
    assert one.tls == Context(f"{tmp_path}/a.crt", "/k/a.key", (), "", False, one.where)


def test_ciphers_and_a_client_ca(tmp_path):
    got = ini(tmp_path, "https = :1,c,k,ECDHE-RSA-AES128-GCM-SHA256,ca", "https = :2,c,k,,!ca", "https = :3,c,k,,!")
    first, second = (one.tls for one in got.settings.listen)
    assert first.suites[3:] == ("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",)
    assert (first.client_ca, first.demands_client) == (f"{tmp_path}/ca", False)
    assert (second.suites, second.client_ca, second.demands_client) == ((), f"{tmp_path}/ca", True)
    assert got.codes == ["tls-incomplete"]


def test_https2(tmp_path):
    got = ini(tmp_path, "https2 = addr=:1,crt=c,key=k,ciphers=HIGH,clientca=!ca,spdy=1")
    one = got.settings.listen[0]
    assert got.codes == []
    assert one.tls == Context(
        f"{tmp_path}/c", f"{tmp_path}/k", one.tls.suites, f"{tmp_path}/ca", True, one.where)  # fmt: skip
    assert len(one.tls.suites) == 9
    assert ini(tmp_path, "https2 = addr=:1,cert=c,key=k,cypher=HIGH").codes == ["key-unknown"]


@pytest.mark.parametrize(
    "line",
    ["https-socket = :8443", "https = :8443,c", "https = ,c,k", "https = :1,,k", "https2 = addr=:1,cert=c",
     "suwsgi-socket = :1,c,"],
)  # fmt: skip
def test_what_is_missing_is_told(tmp_path, line):
    got = ini(tmp_path, line)
    assert "tls-incomplete" in got.codes
    assert got.settings.listen == ()


def test_a_list_of_ciphers_that_means_little_here(tmp_path):
    got = ini(tmp_path, "https = :1,c,k,RC4-SHA")
    assert got.codes == ["tls-ciphers"]
    assert all("TLS13" in one for one in got.settings.listen[0].tls.suites)
    assert ini(tmp_path, "https = :1,c,k,HIGH:DHE-RSA-AES256-SHA").codes == ["tls-ciphers"]
    assert ini(tmp_path, "https = :1,c,k,HIGH:!DHE-RSA-AES256-SHA").codes == []


def test_names(tmp_path):
    got = ini(tmp_path, "https = :1,c,k", "sni = A.example a.crt,a.key", "sni = *.b.example  b.crt,b.key,HIGH,!ca",
              "sni-dir = certs", "sni-dir-ciphers = ECDHE+AES256", "ssl-sessions-timeout = 60",
              "https-export-cert = true", "chdir = /elsewhere")
    tls = got.settings.tls
    assert got.codes == []
    assert [(one.name, one.context.certificate) for one in tls.names] == [
        ("a.example", f"{tmp_path}/a.crt"), ("*.b.example", f"{tmp_path}/b.crt")]  # fmt: skip
    assert (tls.names[1].context.client_ca, tls.names[1].context.demands_client) == (f"{tmp_path}/ca", True)
    assert (tls.directory, len(tls.directory_suites)) == (f"{tmp_path}/certs", 5)
    assert (tls.lifetime, tls.exports_certificate) == (60, True)


@pytest.mark.parametrize("line", ["sni = a.example", "sni = a.example c", "sni = a.example c,", "sni =  c,k"])
def test_a_name_without_its_files_is_told(tmp_path, line):
    assert "sni-invalid" in ini(tmp_path, line).codes


def test_the_same_address_with_and_without_tls_is_told(tmp_path):
    got = ini(tmp_path, "http-socket = :8443", "https-socket = :8443,c,k")
    assert got.codes == ["address-duplicate"]
    assert [one.tls for one in got.settings.listen] == [None]
