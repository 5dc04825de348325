"""`--open` shows the report to whoever sits there, and to nobody else."""

import webbrowser

import pytest

from distilforensics.cli import opening


@pytest.fixture
def opened(monkeypatch):
    """A desktop whose browser keeps what it is given."""
    found = []
    monkeypatch.setattr(opening, "is_terminal", lambda stream: True)
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr(webbrowser, "open", lambda url: bool(found.append(url)) or True)
    return found


@pytest.fixture
def report(tmp_path):
    """A report in a folder whose name needs escaping."""
    path = tmp_path / "ä case" / "report.html"
    path.parent.mkdir()
    path.write_text("<p>")
    return path


def test_the_report_is_opened_as_a_local_file(report, opened, capsys):
    """By its address, which holds no blank."""
    opening.open_report(report)
    assert opened == [report.as_uri()]
    assert opened[0].startswith("file:///")
    assert capsys.readouterr().err == ""


def test_nothing_is_opened_in_a_pipe(report, opened, monkeypatch, capsys):
    """And nothing said: a script has no use for it."""
    monkeypatch.setattr(opening, "is_terminal", lambda stream: False)
    opening.open_report(report)
    assert opened == []
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("reason", ["no desktop", "no file", "no browser", "a broken browser"])
def test_what_cannot_be_opened_is_a_note(reason, report, opened, monkeypatch, capsys):
    """With the path, and no failure."""
    if reason == "no desktop":
        monkeypatch.setattr("sys.platform", "linux")
        for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
            monkeypatch.delenv(name, raising=False)
    elif reason == "no file":
        report.unlink()
    elif reason == "no browser":
        monkeypatch.setattr(webbrowser, "open", lambda url: False)
    else:

        def fail(url):
            raise webbrowser.Error("gone")

        monkeypatch.setattr(webbrowser, "open", fail)
    opening.open_report(report)
    assert opened == []
    assert "no browser could be started here" in capsys.readouterr().err
