"""File responses and app.static(): RFC 9110 sections 8.8, 12.5.3, 13 and 14. Both platforms."""

import asyncio
import os

from microdot import Microdot, Response
from microdot.date_parser import parse_http_date
from microdot.dates import http_date
from microdot.files import accepted
from microdot.static import safe_join
from microdot.test_client import TestClient

FOLDER = "test_files_" + str(id(Microdot) % 100000)
CONTENT = b"0123456789"


def write(path, data):
    with open(path, "wb") as file:
        file.write(data)


def with_folder(function):
    """Run a test with a folder of files in the current directory."""

    def test():
        os.mkdir(FOLDER)
        try:
            os.mkdir(FOLDER + "/sub")
            write(FOLDER + "/data.txt", CONTENT)
            write(FOLDER + "/page.css", b"plain")
            write(FOLDER + "/page.css.gz", b"gzip")
            write(FOLDER + "/page.css.br", b"brotli")
            write(FOLDER + "/.hidden", b"secret")
            write(FOLDER + "/sub/index.html", b"<p>index")
            function()
        finally:
            for name in ("data.txt", "page.css", "page.css.gz", "page.css.br", ".hidden",
                         "sub/index.html"):  # fmt: skip
                os.remove(FOLDER + "/" + name)
            os.rmdir(FOLDER + "/sub")
            os.rmdir(FOLDER)

    return test


def app():
    made = Microdot()
    made.static("/static", FOLDER, max_age=60)

    @made.get("/file")
    async def file(request):
        return Response.send_file(FOLDER + "/data.txt")

    @made.get("/packed")
    async def packed(request):
        return Response.send_file(FOLDER + "/page.css", compressed=True, file_extension=".gz")

    return made


def ask(path, method="GET", **headers):
    headers = dict([(name.replace("_", "-"), headers[name]) for name in headers])
    return asyncio.run(TestClient(app()).request(method, path, headers))


@with_folder
def test_w_http_28_length_and_validators():
    res = ask("/file")
    assert (res.status_code, res.body) == (200, CONTENT)
    assert res.headers["Content-Length"] == "10"
    assert res.headers["Accept-Ranges"] == "bytes"
    assert res.headers["ETag"][0] == res.headers["ETag"][-1] == '"'
    assert parse_http_date(res.headers["Last-Modified"])[0] > 2020


@with_folder
def test_w_http_28_conditional_requests():
    etag = ask("/file").headers["ETag"]
    modified = ask("/file").headers["Last-Modified"]
    old = "Sun, 06 Nov 1994 08:49:37 GMT"
    for headers, status in (
        ({"If_None_Match": etag}, 304),
        ({"If_None_Match": '"x", W/' + etag}, 304),
        ({"If_None_Match": "*"}, 304),
        ({"If_None_Match": '"x"'}, 200),
        ({"If_Modified_Since": modified}, 304),
        ({"If_Modified_Since": old}, 200),
        ({"If_Modified_Since": "no date"}, 200),
        ({"If_None_Match": '"x"', "If_Modified_Since": modified}, 200),
        ({"If_Match": etag}, 200),
        ({"If_Match": '"x"'}, 412),
        ({"If_Unmodified_Since": old}, 412),
        ({"If_Unmodified_Since": modified}, 200),
    ):
        res = ask("/file", **headers)
        assert res.status_code == status, headers
        assert res.headers["ETag"] == etag
        assert res.body == (CONTENT if status == 200 else b"")


@with_folder
def test_w_http_28_ranges():
    for value, expected, body in (
        ("bytes=0-3", "bytes 0-3/10", b"0123"),
        ("bytes=4-", "bytes 4-9/10", b"456789"),
        ("bytes=-3", "bytes 7-9/10", b"789"),
        ("bytes=8-99", "bytes 8-9/10", b"89"),
        ("bytes=-99", "bytes 0-9/10", CONTENT),
    ):
        res = ask("/file", Range=value)
        assert (res.status_code, res.body) == (206, body), value
        assert res.headers["Content-Range"] == expected
        assert res.headers["Content-Length"] == str(len(body))
    for value in ("bytes=10-", "bytes=-0"):
        res = ask("/file", Range=value)
        assert (res.status_code, res.headers["Content-Range"]) == (416, "bytes */10")
    for value in ("bytes=0-1,3-4", "lines=0-1", "bytes=5-2", "bytes=x-1", "bytes=", "bytes=-"):
        assert (ask("/file", Range=value).status_code, ask("/file", Range=value).body) == (
            200,
            CONTENT,
        )


@with_folder
def test_ranges_depend_on_if_range():
    etag = ask("/file").headers["ETag"]
    assert ask("/file", Range="bytes=0-1", If_Range=etag).status_code == 206
    assert ask("/file", Range="bytes=0-1", If_Range='"x"').status_code == 200


@with_folder
def test_head_of_a_file():
    res = ask("/file", "HEAD", Range="bytes=0-1")
    assert (res.status_code, res.headers["Content-Length"], res.body) == (200, "10", None)


@with_folder
def test_static_files():
    res = ask("/static/data.txt")
    assert (res.status_code, res.body) == (200, CONTENT)
    assert res.headers["Content-Type"] == "text/plain; charset=UTF-8"
    assert res.headers["Cache-Control"] == "max-age=60"
    assert ask("/static/sub/").body == b"<p>index"
    assert ask("/static/sub").status_code == 404
    assert ask("/static/").status_code == 404
    assert ask("/static/unknown").status_code == 404


@with_folder
def test_nothing_outside_the_folder_is_served():
    for path in ("../x", "%2e%2e/x", "sub/../../x", "..%2fx", "sub//data.txt", "a%00b", "..%5cx",
                 "c:%5cx", "/etc/passwd", "%2fetc/passwd", ".hidden", "./data.txt"):  # fmt: skip
        assert ask("/static/" + path).status_code == 404, path


@with_folder
def test_w_core_30_compressed_siblings_are_negotiated():
    for accept, body, coding in (
        ("gzip, br", b"brotli", "br"),
        ("gzip", b"gzip", "gzip"),
        ("br;q=0, gzip;q=0.5", b"gzip", "gzip"),
        ("*", b"brotli", "br"),
        ("identity", b"plain", None),
        ("", b"plain", None),
    ):
        res = ask("/static/page.css", Accept_Encoding=accept)
        assert (res.body, res.headers.get("Content-Encoding")) == (body, coding), accept
        assert res.headers["Vary"] == "Accept-Encoding"
        assert res.headers["Content-Type"] == "text/css; charset=UTF-8"
    tags = [ask("/static/page.css", Accept_Encoding=a).headers["ETag"] for a in ("", "gzip", "br")]
    assert tags[0] != tags[1] != tags[2] != tags[0]
    assert "Vary" not in ask("/static/data.txt").headers


@with_folder
def test_w_core_30_a_compressed_file_gives_way_to_the_plain_one():
    assert ask("/packed", Accept_Encoding="gzip").body == b"gzip"
    res = ask("/packed")
    assert (res.body, res.headers.get("Content-Encoding")) == (b"plain", None)
    assert res.headers["Vary"] == "Accept-Encoding"


def test_accept_encoding():
    assert accepted("gzip", "gzip")
    assert accepted("x-gzip", "gzip")
    assert accepted("GZIP;q=0.1", "gzip")
    assert not accepted("gzip; q=0.000", "gzip")
    assert not accepted("*;q=0", "gzip")
    assert not accepted("", "gzip")


def test_safe_join():
    assert safe_join("f", "a/b.txt") == "f/a/b.txt"
    for path in ("", "/", "a//b", "..", "a/..", "a\\b", "c:", "a\0"):
        assert safe_join("f", path) is None


def test_dates():
    assert http_date((1994, 11, 6, 8, 49, 37, 6)) == "Sun, 06 Nov 1994 08:49:37 GMT"
    for text in (
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
    ):
        assert parse_http_date(text) == (1994, 11, 6, 8, 49, 37)
    for text in ("", "x", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 25:49:37 GMT",
                 "Sun, 06 Xyz 1994 08:49:37 GMT", "Sun, 99 Nov 1994 08:49:37 GMT"):  # fmt: skip
        assert parse_http_date(text) is None, text
