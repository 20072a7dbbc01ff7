"""Pages over sockets, on both platforms."""

import pathlib
import threading

import pytest
from harness import PLATFORMS, get

APP = pathlib.Path(__file__).with_name("template_app.py")
PAGE = "{% args text %}\n<h1>{{ text }}</h1>\n"


@pytest.fixture(params=PLATFORMS)
def served(request, tmp_path, utemplate):
    (tmp_path / "other").mkdir()
    (tmp_path / "page.html").write_text(PAGE)
    (tmp_path / "other/page.html").write_text("{% args text %}\nother {{ text }}")
    (tmp_path / "list.html").write_text(
        "{% args items %}\n{% for item in items %}\n<li>{{ 1 // (3 - item) }}</li>\n{% endfor %}\n"
    )
    server = PLATFORMS[request.param](str(tmp_path), utemplate, app=APP)
    server.folder = tmp_path
    server.errors = 0
    yield server
    output = server.stop()
    assert output.count("Traceback") == server.errors, output


@pytest.mark.parametrize(
    "path", ["/render", "/render-async", "/generate", "/generate-async", "/plain"]
)
def test_a_page(served, path):
    for _ in range(2):
        reply = served.ask(get(path + "?text=a%20%3Cb%3E"))
        assert (reply.status, reply.complete) == (200, True)
        assert reply.headers["content-type"].startswith("text/html")
        assert reply.body == b"<h1>a &lt;b&gt;</h1>\n"


def test_a_page_for_an_old_client(served):
    reply = served.ask(get("/generate?text=x", version="1.0"))
    assert "transfer-encoding" not in reply.headers
    assert reply.body == b"<h1>x</h1>\n"


def test_a_change_is_seen_by_a_server_that_runs(served):
    assert served.ask(get("/render?text=x")).body == b"<h1>x</h1>\n"
    (served.folder / "page.html").write_text("{% args text %}\nchanged: {{ text }}")
    assert served.ask(get("/render?text=x")).body == b"changed: x"


def test_a_correction_is_seen_by_a_server_that_runs(served):
    (served.folder / "page.html").write_text("{% if %}")
    assert served.ask(get("/render?text=x")).status == 500
    (served.folder / "page.html").write_text(PAGE)
    assert served.ask(get("/render?text=x")).body == b"<h1>x</h1>\n"
    served.errors = 1


def test_a_template_that_fails_after_its_first_pieces_cuts_the_response(served):
    assert served.ask(get("/list/3")).body == b"<li>0</li>\n<li>0</li>\n<li>1</li>\n"
    reply = served.ask(get("/list/4"))
    assert (reply.status, reply.complete) == (200, False)
    assert served.ask(get("/render?text=x")).status == 200
    served.errors = 1


@pytest.mark.parametrize("name", ["missing.html", "..%2Fsecret.html", "%2Fetc%2Fpasswd", "a%5Cb"])
def test_a_template_that_is_not_there(served, name):
    (served.folder.parent / "secret.html").write_text("secret")
    reply = served.ask(get("/any/" + name))
    assert reply.status == 500
    assert b"secret" not in reply.body
    served.errors = 1


def test_applications_side_by_side(served):
    """Many requests at a time, each with the templates of its application."""
    wrong = []

    def work(path, expected):
        for _ in range(10):
            reply = served.ask(get(path + "?text=x"))
            if reply.body != expected:
                wrong.append((path, reply.body))

    pages = [
        ("/render", b"<h1>x</h1>\n"),
        ("/plain", b"<h1>x</h1>\n"),
        ("/other/render", b"other x"),
    ]
    threads = [threading.Thread(target=work, args=page) for page in pages * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
