"""What multipart forms have on CPython only."""

import asyncio
import os
import stat
import subprocess
import sys
import threading

import microdot.multipart
import pytest
from microdot import Microdot
from microdot.multipart import FileUpload, FormDataIter, Multipart, with_form_data
from microdot.test_client import TestClient

KIND = {"Content-Type": "multipart/form-data; boundary=b"}


def file(name, content, filename="f.txt"):
    head = '--b\r\nContent-Disposition: form-data; name="%s"; filename="%s"' % (name, filename)
    return head.encode() + b"\r\n\r\n" + content + b"\r\n"


def field(name, value):
    return b'--b\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (name, value)


def post(app, *parts):
    body = b"".join(parts) + b"--b--\r\n"
    return asyncio.run(TestClient(app).post("/", headers=KIND, body=body))


def test_the_names_of_the_package():
    names = {
        name for name in vars(microdot.multipart) if name[0] not in "_@"
    }  # pytest's own begin with @
    modules = {"cpython", "form", "names", "parser", "plugin", "reader", "safe", "storage"}
    modules |= {"upload", "upload_extra", "CPYTHON", "TYPE_CHECKING"}
    assert names - modules == set(microdot.multipart.__all__)


def test_w_mp_08_folder_and_files_are_private(tmp_path):
    app = Microdot()
    plugin = app.use(Multipart(temp_folder=str(tmp_path), max_memory_size=1))
    seen = []

    @app.post("/")
    @with_form_data
    async def index(request):
        (folder,) = tmp_path.iterdir()
        (path,) = folder.iterdir()
        seen.append((stat.S_IMODE(folder.stat().st_mode), stat.S_IMODE(path.stat().st_mode)))
        assert path.read_bytes() == b"content"

    old = os.umask(0)
    try:
        assert post(app, file("f", b"content")).status_code == 204
    finally:
        os.umask(old)
    assert seen == [(0o700, 0o600)]
    plugin.microdot_shutdown(app)
    assert list(tmp_path.iterdir()) == []


def test_w_mp_08_files_are_created_exclusively(tmp_path):
    from microdot.multipart.cpython.files import create_file

    (tmp_path / "target").write_bytes(b"old")
    (tmp_path / "link").symlink_to("target")
    for name in ("target", "link"):
        with pytest.raises(FileExistsError):
            create_file(str(tmp_path / name))
    assert (tmp_path / "target").read_bytes() == b"old"


def test_w_mp_08_the_folder_is_gone_after_the_process(tmp_path):
    code = (
        "from microdot.multipart.storage import Storage\n"
        "storage = Storage(%r)\n"
        "path, file = storage.create()\n"
        "file.close()\n"
        "storage.remove(path)\n" % str(tmp_path)
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_was_removed_is_made_again(tmp_path):
    app = Microdot()
    app.use(Multipart(temp_folder=str(tmp_path), max_memory_size=1))

    @app.post("/")
    @with_form_data
    async def index(request):
        return await request.files["f"].read()

    for _ in range(2):
        assert post(app, file("f", b"content")).body == b"content"
        (folder,) = tmp_path.iterdir()
        folder.rmdir()


def test_w_mp_09_dictionaries_have_getlist():
    app = Microdot()

    @app.post("/")
    @with_form_data
    async def index(request):
        form, files = request.form, request.files
        assert isinstance(form, dict) and isinstance(files, dict)
        assert list(form) == ["a", "b"]
        assert dict(form) == {"a": "1", "b": ""}
        assert form == {"a": "1", "b": ""}
        assert form.getlist("a") == ["1", "2"]
        assert form.getlist("a", type=int) == [1, 2]
        assert form.getlist("c") == form.getlist("c", type=int) == []
        assert form.get("a", type=int) == 1
        assert form.get("a") == "1"
        assert form.get("c") is None
        assert form.get("c", "d", type=int) == "d"
        assert [upload.filename for upload in files.getlist("f")] == ["1", "2"]
        assert files["f"].filename == "1"

    parts = [field(b"a", b"1"), field(b"b", b""), field(b"a", b"2")]
    assert post(app, *parts, file("f", b"", "1"), file("f", b"", "2")).status_code == 204


def test_w_mp_11_plain_handlers_run_in_a_thread():
    app = Microdot()
    threads = []

    @app.post("/")
    @with_form_data
    def index(request):
        threads.append(threading.current_thread())
        return request.files["f"].file.read()

    assert post(app, file("f", b"x" * 5000)).body == b"x" * 5000
    assert threads[0] is not threading.main_thread()


def test_metadata_of_handlers_is_kept():
    @with_form_data
    async def index(request):
        """What it does."""

    assert index.__name__ == "index"
    assert index.__doc__ == "What it does."


def test_a_file_left_open_for_reading_is_closed():
    app = Microdot()
    seen = []

    @app.post("/")
    @with_form_data
    async def index(request):
        seen.append(request.files["f"].file)
        await request.files["f"].read(1)

    assert post(app, file("f", b"x" * 5000)).status_code == 204
    assert seen[0].closed


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="counts descriptors in /proc")
def test_many_files_do_not_need_many_descriptors():
    """An attacker chooses their number; the limit of a process is often 1024."""
    app = Microdot(max_content_length=1 << 20)
    counts = []

    @app.post("/")
    @with_form_data
    async def index(request):
        counts.append(len(os.listdir("/proc/self/fd")))

    assert post(app, *[file("f", b"x" * 1024)] * 300).status_code == 204
    before = len(os.listdir("/proc/self/fd"))
    assert counts[0] <= before + 10


def test_save_takes_path_objects(tmp_path):
    app = Microdot()

    @app.post("/")
    async def index(request):
        async for _, upload in FormDataIter(request):
            await upload.save(tmp_path / upload.safe_filename)

    assert post(app, file("f", b"content", "../name.txt")).status_code == 204
    assert (tmp_path / "name.txt").read_bytes() == b"content"


def test_a_file_that_takes_only_a_part_at_a_time():
    class Slow:
        data = b""

        def write(self, data):
            self.data += bytes(data[:3])
            return min(3, len(data))

    class Full:
        def write(self, data):
            return 0

    async def main():
        pieces = [b"abcdefgh", b""]

        async def read(n):
            return pieces.pop(0)

        slow = Slow()
        await FileUpload("f", None, read).save(slow)
        assert slow.data == b"abcdefgh"
        pieces[:] = [b"abc"]
        with pytest.raises(OSError, match="no room"):
            await FileUpload("f", None, read).save(Full())

    asyncio.run(main())


def test_an_error_while_copying_leaves_nothing(tmp_path):
    async def main():
        pieces = [b"abc"]

        async def broken(n):
            if pieces:
                return pieces.pop()
            raise OSError(5, "input/output error")

        upload = FileUpload("f", None, broken)
        upload._limits = Multipart(temp_folder=str(tmp_path))
        with pytest.raises(OSError):
            await upload.copy(1)
        assert [list(folder.iterdir()) for folder in tmp_path.iterdir()] == [[]]

    asyncio.run(main())


def test_options_are_refused_with_a_hint():
    with pytest.raises(TypeError, match="no option 'max_file'; its options are max_parts"):
        Multipart(max_file=1)
    with pytest.raises(ValueError, match="max_parts must be a number >= 0, not -1"):
        Multipart(max_parts=-1)


def test_without_options_the_class_attributes_count():
    class Small(Multipart):
        max_field_size = 3

    app = Microdot()
    app.use(Small(max_parts=None))

    @app.post("/")
    @with_form_data
    async def index(request):
        return dict(request.form)

    assert post(app, field(b"a", b"123")).json == {"a": "123"}
    answer = post(app, field(b"a", b"1234"))
    assert answer.status_code == 413
    assert answer.text == "Multipart form: part 1 is larger than max_field_size, 3 bytes"
