"""Multipart forms through the test client (contract section 11)."""

import asyncio
import os

from microdot import Microdot, Request, abort
from microdot.multipart import FileUpload, FormDataIter, Multipart, getlist, with_form_data
from microdot.test_client import TestClient

KIND = "multipart/form-data; boundary=boundary"


def part(name, content, filename=None, content_type=None, disposition=None):
    """Return one part with its delimiter line."""
    lines = disposition or 'Content-Disposition: form-data; name="%s"' % name
    if filename is not None:
        lines += '; filename="%s"' % filename
    if content_type:
        lines += "\r\nContent-Type: " + content_type
    content = content.encode() if isinstance(content, str) else content
    return b"--boundary\r\n" + lines.encode() + b"\r\n\r\n" + content + b"\r\n"


def form(*parts):
    """Return a body of parts."""
    return b"".join(parts) + b"--boundary--\r\n"


def post(app, body, kind=KIND, path="/"):
    """Send a body, return the response."""
    return asyncio.run(TestClient(app).post(path, headers={"Content-Type": kind}, body=body))


def echo_app(**options):
    """An application that echoes forms; options are those of the plugin."""
    app = Microdot(max_content_length=1000000)
    if options:
        app.use(Multipart(**options))

    @app.post("/")
    @with_form_data
    async def index(request):
        if request.form is None:
            return {"form": None, "files": request.files}
        files = {}
        for name in request.files:
            upload = request.files[name]
            content = await upload.read()
            files[name] = [upload.filename, upload.content_type, content.decode(), upload.size]
        return {"form": dict(request.form), "files": files}

    return app


class Limits:
    """Sets the two class attributes for a time."""

    def __init__(self, buffer_size=256, max_memory_size=1024):
        self.sizes = buffer_size, max_memory_size

    def __enter__(self):
        FormDataIter.buffer_size, FileUpload.max_memory_size = self.sizes

    def __exit__(self, *error):
        FormDataIter.buffer_size, FileUpload.max_memory_size = 256, 1024


class Folder:
    """A folder for the temporary files of a test."""

    def __enter__(self):
        os.mkdir("multipart-test")

    def __exit__(self, *error):
        for name in os.listdir("multipart-test"):
            for file in os.listdir("multipart-test/" + name):
                os.remove("multipart-test/%s/%s" % (name, file))
            os.rmdir("multipart-test/" + name)
        os.rmdir("multipart-test")


def folder_content():
    """What is in the private folder of the tests, and in folders in it."""
    found = []
    for name in os.listdir("multipart-test"):
        found += [name] + os.listdir("multipart-test/" + name)
    return found


def test_two_fields_for_async_and_plain_handlers():
    app = Microdot()

    @app.post("/async")
    @with_form_data
    async def asynchronous(request):
        return dict(request.form)

    @app.post("/sync")
    @with_form_data
    def plain(request):
        return dict(request.form)

    body = form(part("foo", "bar"), part("baz", "baz"))
    for path in ("/async", "/sync"):
        assert post(app, body, path=path).json == {"foo": "bar", "baz": "baz"}


def test_files_in_memory_and_in_a_temporary_file():
    seen = []
    with Folder():
        app = Microdot()
        plugin = app.use(Multipart(temp_folder="multipart-test"))

        @app.post("/")
        @with_form_data
        async def index(request):
            seen.append(len(folder_content()))
            for name in ("f", "g"):
                upload = request.files[name]
                seen.append((upload.filename, upload.content_type, upload.size))
                seen.append(await upload.read())
                seen.append(await upload.read())
            return dict(request.form)

        body = form(
            part("a", "1"),
            part("f", "abc", "f.txt", "text/plain"),
            part("b", "2"),
            part("g", "x" * 12, "g.bin"),
            part("c", "3"),
        )
        with Limits(max_memory_size=5):
            assert post(app, body).json == {"a": "1", "b": "2", "c": "3"}
        plugin.microdot_shutdown(app)
    # The folder and one file in it.
    assert seen == [
        2,
        ("f.txt", "text/plain", 3), b"abc", b"",
        ("g.bin", None, 12), b"x" * 12, b"",
    ]  # fmt: skip


def test_a_file_larger_than_buffer_and_memory():
    content = "0123456789" * 39 + "01234567"
    with Folder(), Limits(100, 200):
        answer = post(echo_app(temp_folder="multipart-test"), form(part("f", content, "f"))).json
    assert answer["files"]["f"][2:] == [content, 398]


def test_uploads_read_in_part_only():
    app = Microdot()
    got = []

    @app.post("/")
    async def index(request):
        async for name, value in FormDataIter(request):
            if isinstance(value, FileUpload):
                value = await value.read(4)
            got.append((name, value))
        assert request.form is None and request.files is None

    body = form(
        part("a", "x" * 502),
        part("f", "0123456789" * 100, "f"),
        part("b", "y" * 502),
        part("g", "abcdefgh", "g"),
        part("c", "last"),
    )
    assert post(app, body).status_code == 204
    assert got == [
        ("a", "x" * 502),
        ("f", b"0123"),
        ("b", "y" * 502),
        ("g", b"abcd"),
        ("c", "last"),
    ]


def test_save_to_a_path_and_to_a_file():
    app = Microdot()

    @app.post("/")
    async def index(request):
        async for name, value in FormDataIter(request):
            if name == "path":
                await value.save("multipart-test-1")
            else:
                with open("multipart-test-2", "wb") as file:
                    await value.save(file)
                    file.write(b"!")

    content = bytes(range(256)) * 5
    try:
        body = form(part("path", content, "a"), part("file", content, "b"))
        assert post(app, body).status_code == 204
        with open("multipart-test-1", "rb") as file:
            assert file.read() == content
        with open("multipart-test-2", "rb") as file:
            assert file.read() == content + b"!"
    finally:
        os.remove("multipart-test-1")
        os.remove("multipart-test-2")


def test_other_requests_keep_their_meaning():
    app = echo_app()
    assert post(app, b"{}", "application/json").json == {"form": None, "files": None}
    get = Microdot()

    @get.get("/<int:number>")
    @with_form_data
    async def index(request, number):
        return {"form": request.form, "number": number}

    answer = asyncio.run(TestClient(get).get("/7"))
    assert answer.status_code == 200
    assert answer.json == {"form": None, "number": 7}


def test_url_encoded_forms_still_work():
    app = Microdot()

    @app.post("/")
    @with_form_data
    async def index(request):
        return {"a": request.form["a"], "files": request.files}

    kind = "application/x-www-form-urlencoded"
    assert post(app, "a=1", kind).json == {"a": "1", "files": None}


def test_no_parts_is_no_form():
    assert post(echo_app(), b"--boundary--\r\n").json == {"form": None, "files": None}


def test_no_files_is_an_empty_dictionary():
    assert post(echo_app(), form(part("a", "1"))).json == {"form": {"a": "1"}, "files": {}}


def test_w_mp_01_a_body_without_its_end_is_400():
    whole = form(part("a", "1"), part("f", "content", "f.txt"))
    end = len(whole) - 2
    for size in range(1, end):
        assert post(echo_app(), whole[:size]).status_code == 400, size
    assert post(echo_app(), whole[:end]).status_code == 200


def test_w_mp_02_boundaries_quoted_and_in_any_case():
    body = form(part("a", "1"))
    for kind in (
        'multipart/form-data; boundary="boundary"',
        "multipart/form-data;boundary=boundary",
        "Multipart/Form-Data; Boundary=boundary; charset=utf-8",
        'multipart/form-data; charset="a;b=\\"c"; BOUNDARY="boundary" ;',
    ):
        assert post(echo_app(), body, kind).json["form"] == {"a": "1"}, kind


def test_w_mp_02_boundaries_that_cannot_be_are_400():
    for boundary in ('""', "a" * 71, '"a b "', '"a', "a*b", '"a"b', "b; boundary=b"):
        kind = "multipart/form-data; boundary=" + boundary
        assert post(echo_app(), b"--b--", kind).status_code == 400, boundary


def test_without_a_boundary_parameter_there_is_no_form():
    assert post(echo_app(), b"--b--", "multipart/form-data").json["form"] is None


def test_w_mp_03_delimiters_only_at_the_start_of_a_line():
    value = "x--boundary\n--boundary--\r--boundary\r\n-boundary\r\n--bound\r\n\r\n--boundar"
    assert post(echo_app(), form(part("a", value))).json["form"] == {"a": value}


def test_w_mp_03_preamble_epilogue_and_padding():
    body = (
        b"This is\r\n--not a form\r\n--boundary \t \r\n"
        b'Content-Disposition: form-data; name="a"\r\n\r\n1\r\n--boundary\t\r\n'
        b'Content-Disposition: form-data; name="b"\r\n\r\n2\r\n--boundary-- \r\n--boundary'
    )
    assert post(echo_app(), body).json["form"] == {"a": "1", "b": "2"}


def test_w_mp_03_a_line_that_only_begins_like_a_delimiter_is_none():
    for line in ("--boundaryx", "--boundary-", "--boundary x", "--boundary\n", "--boundary\rx"):
        value = "1\r\n%s\r\n2" % line
        assert post(echo_app(), form(part("a", value))).json["form"] == {"a": value}, line
        body = line.encode() + form(part("a", "1"))[10:]
        assert post(echo_app(), body).status_code == 400, line


def test_w_mp_05_a_header_longer_than_the_buffer():
    name = "n" * 600 + ".txt"
    with Limits(buffer_size=20):
        answer = post(echo_app(), form(part("f", "content", name)))
    assert answer.json["files"]["f"][0] == name


def test_w_mp_06_file_names():
    for parameter, name in (
        ('filename="a;b.txt"', "a;b.txt"),
        ('filename="a\\"b\\\\c.txt"', 'a"b\\c.txt'),
        ('filename="a%22b.txt"', 'a"b.txt'),
        ('filename="C:\\Folder\\file.txt"', "C:\\Folder\\file.txt"),
        ('filename="\u00fc.txt"', "\u00fc.txt"),
        ("filename*=UTF-8''%e2%82%ac%20rates", "\u20ac rates"),
        ("filename*=iso-8859-1'en'%A3%20rates", "\u00a3 rates"),
        ("filename=plain.txt; filename*=utf-8''%C3%BC.txt", "\u00fc.txt"),
        ("filename=plain.txt", "plain.txt"),
        ('FileName="x"', "x"),
        ('filename=""', ""),
    ):
        text = 'Content-Disposition: form-data; name="f"; ' + parameter
        answer = post(echo_app(), form(part("", "c", disposition=text)))
        assert answer.json["files"]["f"][0] == name, parameter


def test_w_mp_06_names():
    for disposition, name in (
        ("form-data; name=foo", "foo"),
        ('Form-Data; NAME="foo"', "foo"),
        ('form-data; name="a%22b%0D%0Ac"', 'a"b\r\nc'),
        ('form-data; name="a\\"b"', 'a"b'),
        ('form-data; name=""', ""),
        ('form-data;\r\n\tname="folded"', "folded"),
    ):
        text = "content-disposition:" + disposition
        answer = post(echo_app(), form(part("", "1", disposition=text)))
        assert answer.json["form"] == {name: "1"}, disposition


def test_w_mp_06_w_mp_07_malformed_headers_are_400():
    for header in (
        "X: y",
        "Content-Disposition: form-data",
        'Content-Disposition: attachment; name="a"',
        'Content-Disposition: form-data; name="a',
        'Content-Disposition: form-data; name="a"b',
        'Content-Disposition: form-data; name="a"; name="b"',
        'Content-Disposition: form-data; name="a"; filename',
        'Content-Disposition: form-data; name="a"; filename*=%41',
        "Content-Disposition: form-data; name=a; filename*=utf-8''%4",
        "Content-Disposition: form-data; name=a; filename*=utf-8''%zz",
        "Content-Disposition: form-data; name=a; filename*=utf-8''%ff",
        "Content-Disposition: form-data; name=a; filename*=koi8-r''a",
        'Content-Disposition: form-data; name="a"\r\nno colon',
        'Content-Disposition: form-data; name="a"\r\nContent-Disposition: form-data; name="b"',
        'Content-Disposition: form-data; name="a\0b"',
        'Content-Disposition: form-data; name="a"\nX: y',
        'Content-Disposition: form-data; name="a"\r\nX y: z',
        'Content-Disposition: form-data; name="a"\r\nContent-Transfer-Encoding: base64',
    ):
        answer = post(echo_app(), form(part("", "1", disposition=header)))
        assert answer.status_code == 400, header
        assert answer.text.startswith("Multipart form: "), header


def test_w_mp_07_text_that_is_not_utf_8_is_400():
    for content in (b"\xff", b"a\xc3", b"\xc0\x80", b"\xed\xa0\x80", b"\xf8\x88\x80\x80\x80"):
        assert post(echo_app(), form(part("a", content))).status_code == 400, content
    bad = b'Content-Disposition: form-data; name="\xff"'
    body = b"--boundary\r\n" + bad + b"\r\n\r\n1\r\n--boundary--"
    assert post(echo_app(), body).status_code == 400
    good = "\u00e9\u20ac\U0001f600\ufffd"
    assert post(echo_app(), form(part("a", good))).json["form"] == {"a": good}


def test_w_mp_08_temporary_files_are_gone_on_every_path():
    with Folder():
        app = Microdot(max_content_length=100000)
        plugin = app.use(Multipart(temp_folder="multipart-test", max_memory_size=10, max_parts=5))
        seen = []

        @app.post("/<how>")
        @with_form_data
        async def index(request, how):
            seen.append(len(folder_content()))
            if how == "abort":
                abort(418)
            elif how == "fail":
                await request.files["f"].close()
                await request.files["f"].close()
                await request.files["f"].read()

        @app.errorhandler(ValueError)
        async def closed(request, error):
            assert "'f.txt'" in str(error)
            return "closed", 500

        good = form(part("f", "x" * 100, "f.txt"), part("f", "y" * 100, "g.txt"))
        for path, status in (("/return", 204), ("/abort", 418), ("/fail", 500)):
            assert post(app, good, path=path).status_code == status
            assert len(folder_content()) == 1, path
        assert seen == [3, 3, 3]
        for bad, status in (
            (good[:-30], 400),
            (good[:-14] + part("a", b"\xff") + b"--boundary--", 400),
            (form(*[part("f", "x" * 100, "f.txt")] * 6), 413),
        ):
            assert post(app, bad, path="/return").status_code == status
            assert len(folder_content()) == 1, status
        assert seen == [3, 3, 3]
        plugin.microdot_shutdown(app)
        assert os.listdir("multipart-test") == []
        assert post(app, good, path="/return").status_code == 204
        plugin.microdot_shutdown(app)


def test_w_mp_08_names_are_unpredictable():
    with Folder():
        app = Microdot()
        app.use(Multipart(temp_folder="multipart-test", max_memory_size=1))
        names = []

        @app.post("/")
        @with_form_data
        async def index(request):
            names.append([name for name in folder_content() if len(name) == 32])

        body = form(part("f", "x" * 100, "f.txt"), part("g", "y" * 100, "f.txt"))
        for _ in range(3):
            assert post(app, body).status_code == 204
        assert [len(pair) for pair in names] == [2, 2, 2]
        assert len(set(names[0] + names[1] + names[2])) == 6


def test_w_mp_08_a_cancelled_handler_leaves_nothing():
    with Folder():
        app = Microdot()
        app.use(Multipart(temp_folder="multipart-test", max_memory_size=10))

        class Stream:
            """A request body that never ends."""

            first = part("f", "x" * 100, "f.txt")

            async def read(self, n):
                data, self.first = self.first[:n], self.first[n:]
                if not data:
                    await asyncio.sleep(10)
                return data

        @with_form_data
        async def handler(request):
            return 1

        async def main():
            fields = [("Content-Type", KIND)]
            request = Request(app, ("", 0), "POST", "/", "1.1", fields, stream=Stream())
            task = asyncio.create_task(handler(request))
            await asyncio.sleep(0.05)
            assert len(folder_content()) == 2
            task.cancel()
            try:
                await task
            except asyncio.CancelledError:
                return
            raise AssertionError("not cancelled")

        asyncio.run(main())
        assert len(folder_content()) == 1


def test_w_mp_09_repeated_names_keep_all_values():
    app = Microdot()

    @app.post("/")
    @with_form_data
    async def index(request):
        form, files = request.form, request.files
        return {
            "first": form["a"],
            "plain": dict(form)["a"],
            "all": getlist(request, "a"),
            "numbers": getlist(request, "a", type=int),
            "b": getlist(request, "b"),
            "none": getlist(request, "c"),
            "file": files["f"] is getlist(request, "f")[0],
            "names": [upload.filename for upload in getlist(request, "f")],
        }

    parts = [part("a", "1"), part("b", ""), part("f", "x", "1.txt"), part("a", "2")]
    parts += [part("f", "x", "2.txt"), part("a", "3")]
    assert post(app, form(*parts)).json == {
        "first": "1",
        "plain": "1",
        "all": ["1", "2", "3"],
        "numbers": [1, 2, 3],
        "b": [""],
        "none": [],
        "file": True,
        "names": ["1.txt", "2.txt"],
    }


def test_w_mp_10_a_safe_name():
    for name, safe in (
        ("../../etc/passwd", "passwd"),
        ("C:\\Windows\\system.ini", "system.ini"),
        ("..", "upload"),
        ("", "upload"),
        ("a/", "upload"),
        (".htaccess", "htaccess"),
        ("a\0b\r\nc.txt", "abc.txt"),
        ("a\u202egpj.exe", "agpj.exe"),
        ('<a>:"|?*.txt', "_a______.txt"),
        ("name. . ", "name"),
        ("con", "_con"),
        ("Lpt1.txt", "_Lpt1.txt"),
        ("console.txt", "console.txt"),
        ("\u00fcber \u20ac.txt", "\u00fcber \u20ac.txt"),
        ("x" * 300 + ".jpeg", "x" * 95 + ".jpeg"),
        ("\u20ac" * 100 + ".jpeg", "\u20ac" * 31 + ".jpeg"),
        ("archive.tar.gz", "archive.tar.gz"),
    ):
        upload = FileUpload(name, None, None)
        assert upload.filename == name
        assert upload.safe_filename == safe, name


def test_w_mp_11_limits_are_413_and_name_themselves():
    body = form(part("a", "x" * 100), part("f", "y" * 100, "f.txt"), part("b", "z" * 100))
    for limit, enough in (
        ("max_parts", 3),
        ("max_header_size", len('Content-Disposition: form-data; name="f"; filename="f.txt"')),
        ("max_field_size", 100),
        ("max_fields_size", 200),
        ("max_file_size", 100),
        ("max_total_size", 300),
    ):
        assert post(echo_app(**{limit: enough}), body).status_code == 200, limit
        answer = post(echo_app(**{limit: enough - 1}), body)
        assert answer.status_code == 413, limit
        assert "%s, %d" % (limit, enough - 1) in answer.text


def test_w_mp_11_sub_applications_have_limits_of_their_own():
    app, sub = echo_app(max_field_size=5), echo_app(max_field_size=3)
    app.mount(sub, url_prefix="/sub", local=True)
    body = form(part("a", "1234"))
    assert post(app, body).status_code == 200
    assert post(app, body, path="/sub/").status_code == 413


def test_options_that_cannot_be_are_refused():
    for options in ({"max_part": 1}, {"max_parts": -1}, {"max_parts": "5"}, {"storage": 1}):
        try:
            Multipart(**options)
        except (TypeError, ValueError) as error:
            assert list(options)[0] in str(error)
        else:
            raise AssertionError(options)


def test_an_upload_that_was_left_behind_cannot_be_read():
    app = Microdot()
    seen = []

    @app.post("/")
    async def index(request):
        first = None
        async for name, value in FormDataIter(request):
            first = first or value
        try:
            await first.read()
        except ValueError as error:
            seen.append(str(error))

    assert post(app, form(part("f", "x", "f"), part("a", "1"))).status_code == 204
    assert "part 1" in seen[0]


def test_the_file_of_a_copy_is_for_plain_handlers():
    with Folder():
        app = Microdot()
        app.use(Multipart(temp_folder="multipart-test"))

        @app.post("/")
        @with_form_data
        def index(request):
            return {name: len(request.files[name].file.read()) for name in request.files}

        body = form(part("small", "x" * 10, "f"), part("large", "x" * 5000, "f"))
        assert post(app, body).json == {"small": 10, "large": 5000}


def test_an_upload_can_be_made_by_hand():
    pieces = [b"abc", b"def", b""]

    async def read(n):
        return pieces.pop(0)

    async def main():
        upload = FileUpload("name", "text/plain", read)
        assert await upload.copy(100) is upload
        assert upload.size == 6
        assert await upload.read(4) == b"abcd"
        assert await upload.read() == b"ef"
        await upload.close()

    asyncio.run(main())


def test_the_class_attributes_are_the_defaults():
    assert FormDataIter.buffer_size == 256
    assert FileUpload.max_memory_size == 1024
    assert Multipart.name == "multipart"
