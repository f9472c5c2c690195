"""OpenSSL's cipher lists, in our words."""

import shutil
import subprocess

import pytest

from imperator.config.ciphers import suites

TLS13 = ("TLS13_AES_256_GCM_SHA384", "TLS13_AES_128_GCM_SHA256", "TLS13_CHACHA20_POLY1305_SHA256")
OURS = {
    "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305",
    "ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-CHACHA20-POLY1305",
}  # fmt: skip


def named(text):
    """What a list chooses, as OpenSSL would name it, and what means nothing."""
    chosen, nothing = suites(text)
    assert chosen[:3] == TLS13
    return [one[4:].replace("_WITH", "").replace("AES_", "AES").replace("_SHA256", "-SHA256")
            .replace("_SHA384", "-SHA384").replace("POLY1305-SHA256", "POLY1305").replace("_", "-")
            for one in chosen[3:]], nothing  # fmt: skip


@pytest.mark.parametrize(
    ("text", "count", "nothing"),
    [
        ("HIGH", 6, []),
        ("HIGH:!aNULL:!MD5:!RC4", 6, []),
        ("DEFAULT@SECLEVEL=2", 0, ["DEFAULT@SECLEVEL=2"]),
        ("DEFAULT:@SECLEVEL=2", 6, []),
        ("EECDH+AESGCM", 4, []),
        ("ECDHE+CHACHA20:ECDHE+AESGCM", 6, []),
        ("ECDHE-RSA-AES128-GCM-SHA256", 1, []),
        ("ECDHE-RSA-AES128-GCM-SHA256,ECDHE-RSA-AES256-GCM-SHA384", 2, []),
        ("ALL:!AESGCM", 2, []),
        ("ALL:-AES:AES128", 4, []),
        ("RC4-SHA", 0, ["RC4-SHA"]),
        ("DHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES128-GCM-SHA256", 1, ["DHE-RSA-AES128-GCM-SHA256"]),
        ("TLS_AES_128_GCM_SHA256:HIGH", 6, []),
        ("!ECDSA:ALL", 3, []),
        ("", 0, []),
    ],
)
def test_lists(text, count, nothing):
    assert (len(named(text)[0]), named(text)[1]) == (count, nothing)


def test_the_order_is_kept():
    assert named("ECDHE-RSA-AES128-GCM-SHA256:HIGH:+ECDSA")[0][:2] == [
        "ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384"]  # fmt: skip


@pytest.mark.skipif(not shutil.which("openssl"), reason="needs openssl")
@pytest.mark.parametrize("text", [
    "HIGH", "HIGH:!aNULL:!MD5", "EECDH+AESGCM:EDH+AESGCM", "ECDHE+AESGCM", "ALL:!AESGCM", "kEECDH+aRSA",
    "ECDHE-RSA-CHACHA20-POLY1305:ECDHE+AES256", "aECDSA", "AES128:!aRSA", "ALL:-AESGCM:AES128",
])  # fmt: skip
def test_openssl_chooses_the_same_of_ours(text):
    said = subprocess.run(["openssl", "ciphers", "-s", "-tls1_2", text], capture_output=True, text=True, check=True)
    assert set(named(text)[0]) == OURS & set(said.stdout.strip().split(":"))
