"""Directories of variables: read early for placeholders and conditions, and for the application."""

from tests.config.reading import ini


def test_an_early_one_is_seen_by_placeholders_and_conditions(tmp_path):
    (tmp_path / "vars").mkdir()
    (tmp_path / "vars" / "SITE").write_text("shop  \n\n")
    (tmp_path / "vars" / "HOME").write_text("")
    (tmp_path / "vars" / ".hidden").write_text("x")
    got = ini(tmp_path, "early-envdir = vars", "a = $(SITE)-$(HOME)-$(.hidden)", "if-env = SITE", "b = %(_)", "endif =")
    assert got.values("a") == ["shop-$(HOME)-$(.hidden)"]
    assert got.values("b") == ["shop"]
    assert [(change.name, change.value) for change in got.settings.env] == [("HOME", None), ("SITE", "shop")]


def test_a_late_one_comes_behind_env(tmp_path):
    (tmp_path / "vars").mkdir()
    (tmp_path / "vars" / "A").write_text("  2")
    got = ini(tmp_path, "envdir = vars", "env = A=1", "b = $(A)")
    assert [(change.name, change.value) for change in got.settings.env] == [("A", "1"), ("A", "  2")]
    assert got.values("b") == ["$(A)"]


def test_a_missing_one_is_an_error(tmp_path):
    for option in ("envdir", "early-envdir"):
        assert ini(tmp_path, f"{option} = nowhere").codes.count("file-unreadable") == 1
