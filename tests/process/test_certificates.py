"""Certificates and keys: read, judged, kept, and never told."""

import os

import pytest

from imperator.errors import Refused, Severity
from imperator.process import certificates
from imperator.process.certificates import Certificates
from tests.config.reading import ini
from tests.harness.certificates import Authority, openssl


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture(scope="module")
def good(authority):
    return authority.sign("localhost")


def refusal(settings):
    with pytest.raises(Refused) as refused:
        Certificates().read(settings)
    return [(one.code, str(one.where)) for one in refused.value.diagnostics]


def test_what_a_worker_must_know(tmp_path, authority, good):
    ca = authority.pair.certificate
    settings = ini(tmp_path, f"https = :1,{good.certificate},{good.key},HIGH,!{ca}", "http-socket = :2",
                   f"suwsgi-socket = :3,{good.certificate},{good.key}", f"sni = a {good.certificate},{good.key}",
                   "ssl-sessions-timeout = 7").settings
    tls, warnings = Certificates().read(settings)
    assert warnings == []
    assert [(one.name, one.demands_client, bool(one.client_ca)) for one in tls.contexts] == [
        ("", True, True), ("", False, False), ("a", False, False)]  # fmt: skip
    assert tls.contexts[0].key == good.key.read_text()
    assert (tls.lifetime, len(tls.secret)) == (7, 64)
    assert certificates.indices(settings) == [0, None, 1]


def test_no_tls_socket_no_reading(tmp_path):
    assert Certificates().read(ini(tmp_path, "http-socket = :1", "sni = a no,no").settings) == (None, [])


@pytest.mark.parametrize("kind", ["ec", "rsa", "ed25519"])
def test_kinds_of_keys(tmp_path, authority, kind):
    pair = authority.sign(kind, kind=kind)
    tls, _ = Certificates().read(ini(tmp_path, f"https = :1,{pair.certificate},{pair.key}").settings)
    assert tls.contexts[0].certificate == pair.certificate.read_text()


def test_what_is_wrong_is_told_all_at_once(tmp_path, authority, good):
    p521 = authority.sign("p521", kind="p521")
    other = authority.sign("other")
    (tmp_path / "empty").write_text("")
    (tmp_path / "broken").write_text("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n")
    openssl("pkey", "-in", good.key, "-aes128", "-passout", "pass:secret", "-out", tmp_path / "encrypted")
    openssl("ec", "-in", good.key, "-aes128", "-passout", "pass:secret", "-out", tmp_path / "old")
    os.mkfifo(tmp_path / "fifo")
    lines = {
        f"{good.certificate},no-such-file": "tls-file-unreadable",
        f"empty,{good.key}": "tls-certificate-invalid",
        f"broken,{good.key}": "tls-certificate-invalid",
        f"{good.key},{good.key}": "tls-certificate-invalid",
        f"{good.certificate},empty": "tls-key-invalid",
        f"{good.certificate},encrypted": "tls-key-invalid",
        f"{good.certificate},old": "tls-key-invalid",
        f"{p521.certificate},{p521.key}": "tls-key-invalid",
        f"{good.certificate},{other.key}": "tls-key-mismatch",
        f"{good.certificate},{good.key},,empty": "tls-certificate-invalid",
        f"{tmp_path},{good.key}": "tls-file-unreadable",
        f"fifo,{good.key}": "tls-file-unreadable",
    }
    settings = ini(tmp_path, *(f"https = :{port},{line}" for port, line in enumerate(lines, 1))).settings
    assert refusal(settings) == [(code, f"a.ini:{number}") for number, code in enumerate(lines.values(), 2)]
    assert [one.code for one in certificates.examine(settings)] == list(lines.values())


@pytest.mark.parametrize(
    ("start", "end", "what"),
    [("20200101000000Z", "20210101000000Z", "expired on 2021-01-01"),
     ("20700101000000Z", "20710101000000Z", "is not valid before 2070-01-01")],
)  # fmt: skip
def test_a_certificate_out_of_its_time_is_served_with_a_warning(tmp_path, authority, start, end, what):
    pair = authority.sign("old", start=start, end=end)
    tls, warnings = Certificates().read(ini(tmp_path, f"https = :1,{pair.certificate},{pair.key}").settings)
    assert tls.contexts
    assert [(one.code, one.severity, what in one.message) for one in warnings] == [
        ("tls-certificate-expired", Severity.WARNING, True)]  # fmt: skip


def test_a_directory_of_names(tmp_path, authority, good):
    folder = tmp_path / "certs"
    folder.mkdir()
    for name in ("a.example", "b.example"):
        pair = authority.sign(name)
        (folder / f"{name}.crt").write_bytes(pair.certificate.read_bytes())
        (folder / f"{name}.key").write_bytes(pair.key.read_bytes())
    (folder / "b.example.ca").write_bytes(authority.pair.certificate.read_bytes())
    (folder / "readme").write_text("nothing")
    settings = ini(tmp_path, f"https = :1,{good.certificate},{good.key}", "sni-dir = certs").settings
    tls, _ = Certificates().read(settings)
    assert [(one.name, bool(one.client_ca)) for one in tls.contexts[1:]] == [("a.example", False), ("b.example", True)]
    (folder / "b.example.key").unlink()
    assert refusal(settings) == [("tls-file-unreadable", "a.ini:3")]


def test_a_bad_reading_changes_nothing(tmp_path, authority, good):
    certificate, key = tmp_path / "crt", tmp_path / "key"
    certificate.write_bytes(good.certificate.read_bytes())
    key.write_bytes(good.key.read_bytes())
    settings = ini(tmp_path, "https = :1,crt,key").settings
    kept = Certificates()
    first, _ = kept.read(settings)
    key.write_text("")
    with pytest.raises(Refused):
        kept.read(settings)
    assert kept.read(settings, again=False)[0] is first
    key.write_bytes(good.key.read_bytes())
    second, _ = kept.read(settings)
    assert second.contexts == first.contexts and second.secret != first.secret


@pytest.mark.skipif(os.getuid() != 0, reason="needs root to be somebody else")
def test_what_only_root_may_read_is_kept_after_root_was_given_up(tmp_path, authority, good):
    closed = tmp_path / "private"
    closed.mkdir(mode=0o700)
    key = closed / "key"
    key.write_bytes(good.key.read_bytes())
    settings = ini(tmp_path, f"https = :1,{good.certificate},private/key").settings
    kept = Certificates()
    first, _ = kept.read(settings)
    for path in (tmp_path, *tmp_path.parents, good.certificate.parent, authority.place):
        if path.owner() == "root" and str(path).startswith("/tmp/"):
            path.chmod(0o755)
    read, write = os.pipe()
    if os.fork() == 0:
        os.seteuid(65534)
        try:
            second, warnings = kept.read(settings)
            said = [(one.code, one.severity.name, "private/key" in one.message) for one in warnings]
            os.write(write, repr((second.contexts == first.contexts, said)).encode())
        except BaseException as error:
            os.write(write, repr(error).encode())
        finally:
            os._exit(0)
    os.close(write)
    os.wait()
    with open(read) as answer:
        assert eval(answer.read()) == (True, [("tls-file-unreadable", "WARNING", True)])


def test_a_key_is_in_no_message(tmp_path, authority, good):
    secret = good.key.read_text().splitlines()[1]
    other = authority.sign("another")
    settings = ini(tmp_path, f"https = :1,{other.certificate},{good.key}").settings
    assert secret not in "".join(map(str, certificates.examine(settings))) + repr(settings)
