"""Bodies that Werkzeug and python-multipart test with; tools/get-corpora.py fetches them."""

import asyncio
import base64
import os
import pathlib
import re
import subprocess
import sys

import pytest
from microdot import Microdot, Request
from microdot.multipart import FileUpload, FormDataIter
from microdot.test_client import TestClient

ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def corpora():
    """The folder with the corpora."""
    folder = ROOT / "build/corpora"
    done = subprocess.run(
        [sys.executable, "tools/get-corpora.py", str(folder)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        if os.environ.get("CI") == "true":
            pytest.fail(done.stdout)
        pytest.skip("the corpora cannot be had: " + done.stdout)
    return folder


class Stream:
    """A request body that comes in pieces."""

    def __init__(self, data, size):
        self.data = data
        self.size = size

    async def read(self, n):
        n = min(n, self.size)
        piece, self.data = self.data[:n], self.data[n:]
        return piece


def parse(body, boundary, size=65536):
    """Return the status, and a (name, file name, content type, content) for each part."""
    parts = []
    app = Microdot(max_content_length=1 << 20)

    @app.post("/")
    async def index(request):
        async for name, value in FormDataIter(request):
            if isinstance(value, FileUpload):
                parts.append((name, value.filename, value.content_type, await value.read()))
            else:
                parts.append((name, None, None, value.encode()))

    kind = 'multipart/form-data; boundary="%s"' % boundary
    if size >= 65536:
        headers = {"Content-Type": kind}
        answer = asyncio.run(TestClient(app).post("/", headers=headers, body=body))
        return answer.status_code, parts
    fields = [("Content-Type", kind)]
    request = Request(app, ("", 0), "POST", "/", "1.1", fields, stream=Stream(body, size))
    response = asyncio.run(app.dispatch_request(request))
    return response.status_code, parts


#: Folder, boundary, names and types of the two files, text: what was entered into the browsers.
BROWSERS = [
    ("firefox3-2png1txt", "-" * 27 + "186454651713519341951581030105",
     "anchor.png", "application_edit.png", "image/png", "example text"),
    ("firefox3-2pnglongtext", "-" * 27 + "14904044739787191031754711748",
     "accept.png", "add.png", "image/png", "--long text\r\n--with boundary\r\n--lookalikes--"),
    ("opera8-2png1txt", "-" * 10 + "zEO9jQKmLc2Cq88c23Dx19",
     "arrow_branch.png", "award_star_bronze_1.png", "image/png", "blafasel \u00f6\u00e4\u00fc"),
    ("webkit3-2png1txt", "----WebKitFormBoundaryjdSFhcARk8fyGNy6",
     "gtk-apply.png", "gtk-no.png", "image/png", "this is another text with \u00fcml\u00e4\u00fcts"),
    ("ie6-2png1txt", "-" * 27 + "7d91b03a20128",
     "file1.png", "file2.png", "image/x-png", "ie6 sucks :-/"),
]  # fmt: skip


@pytest.mark.parametrize("size", [1, 7, 256, 65536])
@pytest.mark.parametrize(
    "folder, boundary, first, second, kind, text", BROWSERS, ids=lambda value: str(value)[:20]
)
def test_bodies_of_browsers(corpora, folder, boundary, first, second, kind, text, size):
    path = corpora / "Werkzeug-3.1.3" / folder
    status, parts = parse((path / "request.http").read_bytes(), boundary, size)
    assert status == 204
    assert sorted(parts) == [
        ("file1", first, kind, (path / "file1.png").read_bytes()),
        ("file2", second, kind, (path / "file2.png").read_bytes()),
        ("text", None, None, text.encode()),
    ]


@pytest.mark.parametrize("size", [1, 65536])
def test_a_recording_whose_line_ends_were_changed_is_refused(corpora, size):
    """Its lines end in a bare LF, which no browser sends and RFC 2046 does not allow."""
    body = (corpora / "Werkzeug-3.1.3/ie7_full_path_request.http").read_bytes()
    assert b"\r\n" not in body[:100]
    assert parse(body, "-" * 27 + "7da36d1b4a0164", size) == (400, [])


#: RFC 7578 4.7: nobody sends encoded parts; we refuse what python-multipart decodes.
ENCODED = {"base64_encoding", "mixed_plain_and_base64_encoding", "quoted_printable_encoding"}

CASES = (
    "CRLF_in_header CR_in_header CR_in_header_value almost_match_boundary "
    "almost_match_boundary_without_CR almost_match_boundary_without_LF "
    "almost_match_boundary_without_final_hyphen bad_end_of_headers bad_header_char "
    "bad_initial_boundary base64_encoding empty_header empty_message "
    "empty_message_with_bad_end header_with_number mixed_plain_and_base64_encoding "
    "multiple_fields multiple_files quoted_printable_encoding single_field "
    "single_field_blocks single_field_longer single_field_single_file "
    "single_field_with_leading_newlines single_file utf8_filename"
).split()


def expectation(text):
    """Return the boundary and what python-multipart expects: None for an error, or the parts.

    The files are YAML, of a kind so simple that no parser is needed.
    """
    boundary = re.search(r"(?m)^boundary: (.*)$", text).group(1)
    if re.search(r"(?m)^    error:", text):
        return boundary, None
    parts = []
    for item in re.split(r"(?m)^  - ", text)[1:]:
        name = re.search(r"(?m)^(?:    )?name: (.*)$", item).group(1)
        file = re.search(r"(?m)^    file_name: (.*)$", item)
        data = "".join(item.partition("!!binary |")[2].split())
        parts.append((name, file.group(1) if file else None, base64.b64decode(data)))
    return boundary, parts


def test_every_case_is_listed(corpora):
    names = {path.stem for path in corpora.glob("python-multipart-*/*.http")}
    assert names == set(CASES)


@pytest.mark.parametrize("size", [1, 7, 65536])
@pytest.mark.parametrize("case", CASES)
def test_cases_of_python_multipart(corpora, case, size):
    path = corpora / "python-multipart-0.0.20" / case
    boundary, expected = expectation(path.with_suffix(".yaml").read_text(encoding="utf-8"))
    if case == "single_field_blocks":  # python-multipart's test names this one
        boundary = "boundary"
    status, parts = parse(path.with_suffix(".http").read_bytes(), boundary, size)
    if expected is None or case in ENCODED:
        assert status == 400
        return
    assert status == 204
    assert [(name, file, content) for name, file, _, content in parts] == expected
