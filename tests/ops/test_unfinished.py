"""Templates and merges are one finding each, and nobody's legitimate text is taken for one."""

import pytest

from tests.ops.checking import Checked, ini, write

SITE = ("http-socket = 127.0.0.1:0", "cron = 0 3 -1 -1 -1 true")

TEMPLATES = {
    "jinja": ["uid = {{ user }}", "chdir = {{ home }}/x", "{% if x %}", "processes = {{ n }}", "{% endif %}"],
    "erb": ["uid = <%= @user %>", "<% if @x -%>", "processes = <%= @n %>", "<% end -%>"],
    "envsubst": ["uid = ${SITE_USER}", "processes = ${N:-2}", "chdir = ${HOME}/x"],
    "marks": ["processes = __WORKERS__", "uid = @USER@"],
    "percent": ["uid = %SITE_USER%", "processes = %WORKERS%"],
    "mako": ["uid = ${os.user}", "% for x in y:", "env = ${x}", "% endfor"],
    "helm": ["uid = {{ .Values.user }}", "{{- if .Values.x }}", "processes = {{ .Values.n }}", "{{- end }}"],
    "shell": ["uid = $SITE_USER", "chdir = $PWD/x"],
    "derived": ["uid = {{ user }}", "base = {{ home }}", "chdir = %(base)/x"],
}


@pytest.mark.parametrize("kind", TEMPLATES)
def test_a_template_is_one_finding(tmp_path, kind):
    checked = ini(tmp_path, *SITE, *TEMPLATES[kind], argv=["--no-advice"])
    assert [code for code in checked.codes() if code != "not-yet"] == ["template"]
    assert (checked.finding("template")["line"], checked.status) == (4, 1)


def test_other_findings_of_a_template_stay(tmp_path):
    checked = ini(tmp_path, *SITE, "uid = {{ user }}", "gid = no-such-group", argv=["--no-advice"])
    assert {"template", "group-unknown"} <= set(checked.codes())


NO_TEMPLATES = [
    "log-format = %(addr) {%(vars) vars in %(pktsize) bytes} [%(ctime)]",
    "# uid = {{ user }}",
    "; {% if %}",
    "route = ^/(.*) redirect:https://${HTTP_HOST}/$1",
    "env = PATTERN=a{1,2}",
    "env = MODULE=a.__init__",
    "env = MAIL=ann@example.org",
    "my-name = shop",
    "pidfile = /tmp/%n.pid",
    "env = SECRET=a$B1",
    "log-date = %%H%%M%%S",
    "env = A=100%",
]


@pytest.mark.parametrize("line", NO_TEMPLATES)
def test_this_is_no_template(tmp_path, line):
    codes = ini(tmp_path, *SITE, line).codes()
    assert "template" not in codes and "unknown-option" not in codes


def test_shell_variables_in_free_text_are_a_note(tmp_path):
    checked = ini(tmp_path, *SITE, "env = A=${B}")
    assert (checked.finding("template")["severity"], checked.status) == ("note", 0)


def test_a_merge_is_one_finding(tmp_path):
    checked = ini(tmp_path, *SITE, "<<<<<<< HEAD", "processs = 4", "=======", "vacuum = ture", ">>>>>>> x",
                  argv=["--no-advice"])  # fmt: skip
    assert [code for code in checked.codes() if code != "not-yet"] == ["merge-conflict"]
    assert "lines 4 to 8" in checked.finding("merge-conflict")["message"]


def test_a_template_by_its_name(tmp_path):
    write(tmp_path, site__ini__tpl="[uwsgi]\nhttp-socket = :8000\nuid = %app_user\ngid = %app_group\n")
    assert Checked(tmp_path, "--no-advice", "site.ini.tpl").codes() == ["template"]


def test_a_template_has_no_complaints_about_two_lines(tmp_path):
    checked = ini(tmp_path, *SITE, "processes = {{ n }}", "cheaper = 1", argv=["--no-advice"])
    assert [code for code in checked.codes() if code != "not-yet"] == ["template"]


def test_json_with_marks_of_the_shell_is_a_template(tmp_path):
    write(tmp_path, site__json='{"uwsgi": {"socket": "${ADDRESS}", "set": ${OPTIONS}}}')
    assert Checked(tmp_path, "--no-advice", "site.json").codes() == ["template"]
