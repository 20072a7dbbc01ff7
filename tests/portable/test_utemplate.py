"""microdot.utemplate with utemplate 1.4.1 (contract section 14, W-SEC-09, W-CORE-28). Both platforms."""

import asyncio
import os
import sys

import microdot.utemplate as library
from microdot import Microdot
from microdot.helpers import CPYTHON
from microdot.test_client import TestClient
from microdot.utemplate import Markup, Template, UTemplate, escape, init_templates
from microdot.utemplate import template as state

#: conftest.py gets utemplate for this module; what is imported above does without.
NEEDS_UTEMPLATE = True

FOLDER = "test_utemplate_" + str(id(Microdot) % 100000)
HELLO = "{% args name %}\nHello, {{ name }}!\n"


def write(name, text, folder=FOLDER):
    with open(folder + "/" + name, "w") as file:
        file.write(text)


def read(name):
    with open(FOLDER + "/" + name) as file:
        return file.read()


def remove(folder):
    for name in os.listdir(folder):
        path = folder + "/" + name
        if os.stat(path)[0] & 0x4000:
            remove(path)
        else:
            os.remove(path)
    os.rmdir(folder)


def with_folder(function):
    """Run a test with a folder of templates, and with nothing initialized."""

    def test():
        os.mkdir(FOLDER)
        # The loaders of utemplate import what they have compiled.
        sys.path.append(os.getcwd())
        saved = state._loader
        state.set_loader(None)
        try:
            write("hello.txt", HELLO)
            function()
        finally:
            state.set_loader(saved)
            sys.path.remove(os.getcwd())
            remove(FOLDER)

    return test


def raised(kind, function, *args):
    """Return what a function raises."""
    try:
        function(*args)
    except kind as error:
        return error
    raise AssertionError("nothing was raised")


async def collect(iterator):
    pieces = []
    async for piece in iterator:
        pieces.append(piece)
    return "".join(pieces)


def answer(app, path="/"):
    return asyncio.run(TestClient(app).get(path))


@with_folder
def test_render():
    Template.initialize(FOLDER)
    assert Template("hello.txt").render(name="foo") == "Hello, foo!\n"
    assert Template("hello.txt").render("foo") == "Hello, foo!\n"


@with_folder
def test_generate():
    Template.initialize(FOLDER)
    pieces = list(Template("hello.txt").generate(name="foo"))
    assert "".join(pieces) == "Hello, foo!\n"
    assert len(pieces) > 1


@with_folder
def test_the_asynchronous_pair():
    Template.initialize(FOLDER)
    assert asyncio.run(Template("hello.txt").render_async(name="foo")) == "Hello, foo!\n"
    pieces = Template("hello.txt").generate_async(name="foo")
    assert asyncio.run(collect(pieces)) == "Hello, foo!\n"


@with_folder
def test_an_asynchronous_iterator_can_be_closed():
    Template.initialize(FOLDER)

    async def use():
        pieces = Template("hello.txt").generate_async(name="foo")
        await pieces.__anext__()
        await pieces.aclose()
        return await collect(pieces)

    assert asyncio.run(use()) == ""


@with_folder
def test_name_and_template():
    Template.initialize(FOLDER)
    template = Template("hello.txt")
    assert template.name == "hello.txt"
    assert "".join(template.template("foo")) == "Hello, foo!\n"


@with_folder
def test_the_four_ways_in_an_application():
    Template.initialize(FOLDER)
    app = Microdot()

    @app.get("/render")
    async def render(request):
        return Template("hello.txt").render(name="foo")

    @app.get("/render-plain")
    def render_plain(request):
        return Template("hello.txt").render(name="foo")

    @app.get("/generate")
    async def generate(request):
        return Template("hello.txt").generate(name="foo")

    @app.get("/generate-plain")
    def generate_plain(request):
        return Template("hello.txt").generate(name="foo")

    @app.get("/render-async")
    async def render_async(request):
        return await Template("hello.txt").render_async(name="foo")

    @app.get("/generate-async")
    async def generate_async(request):
        return Template("hello.txt").generate_async(name="foo")

    for route in (
        "/render", "/render-plain", "/generate", "/generate-plain", "/render-async",
        "/generate-async",
    ):  # fmt: skip
        response = answer(app, route)
        assert (response.status_code, response.body) == (200, b"Hello, foo!\n"), route


@with_folder
def test_the_first_use_initializes_with_the_folder_templates():
    here = os.getcwd()
    os.mkdir(FOLDER + "/templates")
    write("templates/own.txt", "mine")
    os.chdir(FOLDER)
    try:
        assert Template("own.txt").render() == "mine"
    finally:
        os.chdir(here)


@with_folder
def test_initialize_again():
    os.mkdir(FOLDER + "/other")
    write("other/hello.txt", "Other")
    Template.initialize(FOLDER)
    assert Template("hello.txt").render("foo") == "Hello, foo!\n"
    Template.initialize(FOLDER + "/other")
    assert Template("hello.txt").render() == "Other"
    Template.initialize(FOLDER)
    assert Template("hello.txt").render("foo") == "Hello, foo!\n"


@with_folder
def test_init_templates_of_microdot_2_0():
    init_templates(FOLDER)
    assert Template("hello.txt").render("foo") == "Hello, foo!\n"


@with_folder
def test_a_loader_class_gets_none_and_the_folder():
    calls = []

    class Recording:
        def __init__(self, *args):
            calls.append(args)

        def load(self, name):
            calls.append(name)
            return lambda text: iter(["<", text, ">"])

    Template.initialize("somewhere", loader_class=Recording)
    assert Template("x.html").render("y") == "<y>"
    assert Template("z.html").render(text="y") == "<y>"
    assert calls == [(None, "somewhere"), "x.html", "z.html"]


@with_folder
def test_loaders_of_utemplate():
    from utemplate import compiled, recompile

    Template.initialize(FOLDER, loader_class=recompile.Loader)
    assert Template("hello.txt").render("foo") == "Hello, foo!\n"
    # What has been compiled needs no template any more.
    os.remove(FOLDER + "/hello.txt")
    Template.initialize(FOLDER, loader_class=compiled.Loader)
    assert Template("hello.txt").render("foo") == "Hello, foo!\n"


@with_folder
def test_our_loader_compiles_for_the_compiled_loader_of_utemplate():
    from utemplate import compiled

    write("page.html", "<b>{{ 1 + 1 }}</b>")
    Template.initialize(FOLDER)
    assert Template("page.html").render() == "<b>2</b>"
    os.remove(FOLDER + "/page.html")
    Template.initialize(FOLDER, loader_class=compiled.Loader)
    assert Template("page.html").render() == "<b>2</b>"


@with_folder
def test_a_compiled_template_without_its_source():
    Template.initialize(FOLDER)
    Template("hello.txt")
    os.remove(FOLDER + "/hello.txt")
    Template.initialize(FOLDER)
    assert Template("hello.txt").render("foo") == "Hello, foo!\n"


@with_folder
def test_a_compiled_template_in_a_package():
    """As one that is frozen: there is no file to look at."""
    os.mkdir(FOLDER + "/package")
    os.mkdir(FOLDER + "/package/below")
    write("package/page_html.py", "def render(x):\n    yield x\n")
    write("package/below/page_html.py", "def render():\n    yield 'below'\n")
    Template.initialize(FOLDER + "_elsewhere/package")
    raised(OSError, Template, "page.html")
    here = os.getcwd()
    sys.path.insert(0, here + "/" + FOLDER)
    os.mkdir(FOLDER + "/empty")
    os.chdir(FOLDER + "/empty")
    try:
        Template.initialize("package")
        assert Template("page.html").render("x") == "x"
        assert Template("below/page.html").render() == "below"
        raised(OSError, Template, "other.html")
        Template.initialize("package", loader_class=library.EscapingLoader)
        raised(OSError, Template, "page.html")
        # The folder of a package, wherever that is.
        write("package/below/own.html", "from the source", here + "/" + FOLDER)
        loader = library.Loader("package", "below")
        assert Template("own.html", loader=loader).render() == "from the source"
    finally:
        os.chdir(here)
        sys.path.pop(0)
        for name in ("package", "package.page_html", "package.below", "package.below.page_html"):
            sys.modules.pop(name, None)


@with_folder
def test_a_change_is_seen_at_once():
    Template.initialize(FOLDER)
    assert Template("hello.txt").render("foo") == "Hello, foo!\n"
    write("hello.txt", "{% args name %}\nGood bye, {{ name }}.\n")
    assert Template("hello.txt").render("foo") == "Good bye, foo.\n"
    assert "Good bye" in read("hello_txt.py")


@with_folder
def test_a_template_that_is_newer_than_the_compiled_one():
    Template.initialize(FOLDER)
    Template("hello.txt")
    # Another process changes it later.
    write("hello_txt.py", "def render(name):\n    yield 'compiled ' + name\n")
    age("hello.txt", -10)
    Template.initialize(FOLDER)
    assert Template("hello.txt").render("foo") == "compiled foo"
    age("hello.txt", 10)
    Template.initialize(FOLDER)
    assert Template("hello.txt").render("foo") == "Hello, foo!\n"


def age(name, seconds):
    """Let a loader see a file as changed some seconds later than it was."""
    from microdot.utemplate import loader

    path = FOLDER + "/" + name
    real = loader.__dict__.get("real_stamp") or loader.stamp
    loader.real_stamp = real

    def stamp(other):
        found = real(other)
        unit = 1000000000 if CPYTHON else 1
        return (found[0] + seconds * unit, found[1]) if found and other == path else found

    loader.stamp = stamp


def with_real_time(test):
    def run():
        from microdot.utemplate import loader

        try:
            test()
        finally:
            loader.stamp = loader.real_stamp

    return run


test_a_template_that_is_newer_than_the_compiled_one = with_real_time(
    test_a_template_that_is_newer_than_the_compiled_one
)


@with_folder
def test_a_template_that_did_not_change_is_loaded_once():
    Template.initialize(FOLDER)
    assert Template("hello.txt").template is Template("hello.txt").template


@with_folder
def test_included_templates():
    write("page.html", '{% args title %}\n<h1>{% include "head.html" title %}</h1>\n')
    write("head.html", "{% args text %}\n[{{ text }}]")
    Template.initialize(FOLDER)
    assert Template("page.html").render("x") == "<h1>[x]</h1>\n"


@with_folder
def test_a_change_of_an_included_template_is_seen_at_once():
    write("page.html", '<{% include "middle.html" %}>')
    write("middle.html", '({% include "inner.html" %})')
    write("inner.html", "inner")
    Template.initialize(FOLDER)
    assert Template("page.html").render() == "<(inner)>"
    write("inner.html", "another")
    assert Template("page.html").render() == "<(another)>"
    # Also by a process that loads what was compiled, and compiles nothing at first.
    Template.initialize(FOLDER)
    assert Template("page.html").render() == "<(another)>"
    write("inner.html", "third one")
    assert Template("page.html").render() == "<(third one)>"


@with_folder
def test_an_included_template_that_is_missing():
    write("page.html", '{% include "nowhere.html" %}')
    Template.initialize(FOLDER)
    error = raised(OSError, Template, "page.html")
    assert error.args[0] == 2 and "nowhere.html" in str(error)
    # It failed, and nothing of it is left to be taken for the template.
    raised(OSError, Template, "page.html")
    write("nowhere.html", "found")
    assert Template("page.html").render() == "found"


@with_folder
def test_a_template_that_includes_itself():
    write("page.html", 'x\n{% include "other.html" %}')
    write("other.html", '{% include "page.html" %}')
    Template.initialize(FOLDER)
    assert "includes itself" in str(raised(SyntaxError, Template, "page.html"))


@with_folder
def test_statements():
    write(
        "page.html",
        "{% args items, more=False %}\n"
        "{% for item in items %}\n<li>{{ item }}\n{% endfor %}\n"
        "{% if more %}\nmore\n{% elif not items %}\nnone\n{% else %}\nend\n{% endif %}\n"
        "{% set total = sum(items) %}\n"
        "= {{ total }}",
    )
    Template.initialize(FOLDER)
    page = Template("page.html")
    assert page.render([1, 2]) == "<li>1\n<li>2\nend\n= 3"
    assert page.render([], more=True) == "more\n= 0"
    assert page.render([]) == "none\n= 0"


@with_folder
def test_empty_templates():
    app = Microdot()
    Template.initialize(FOLDER)

    @app.get("/<name>")
    async def show(request, name):
        return Template(name).generate()

    write("empty.html", "")
    write("arguments.html", "{% args x=1 %}\n")
    write("statement.html", "{% set x = 1 %}\n")
    write("include.html", '{% include "empty.html" %}')
    for name in ("empty.html", "arguments.html", "statement.html", "include.html"):
        assert Template(name).render() == "", name
        response = answer(app, "/" + name)
        assert (response.status_code, response.body) == (200, b""), name


@with_folder
def test_text_is_utf8():
    write("page.html", "Grüße, {{ '☃' }}")
    Template.initialize(FOLDER)
    assert Template("page.html").render() == "Grüße, ☃"


@with_folder
def test_folders_below_and_absolute_ones():
    os.mkdir(FOLDER + "/a.b")
    write("a.b/page.html", "below")
    Template.initialize(os.getcwd() + "/" + FOLDER)
    assert Template("hello.txt").render("foo") == "Hello, foo!\n"
    assert Template("a.b/page.html").render() == "below"


@with_folder
def test_a_template_does_not_become_a_module():
    import json

    write("json", "a template")
    Template.initialize(FOLDER)
    assert Template("json").render() == "a template"
    Template("hello.txt")
    assert __import__("json") is json
    assert "hello_txt" not in sys.modules
    assert FOLDER not in sys.path


@with_folder
def test_a_missing_template():
    Template.initialize(FOLDER)
    error = raised(OSError, Template, "missing.html")
    assert error.args[0] == 2
    assert FOLDER in str(error) and "missing.html" in str(error)


@with_folder
def test_names_that_lead_out_of_the_folder():
    os.mkdir(FOLDER + "/templates")
    write("secret.html", "secret")
    Template.initialize(FOLDER + "/templates")
    for name in (
        "../secret.html", "..", "", ".", "/etc/passwd", "x/../../secret.html", "..\\secret.html",
        "./secret.html", "x\0.html",
    ):  # fmt: skip
        assert raised(OSError, Template, name).args[0] == 2, name


@with_folder
def test_errors_say_where():
    Template.initialize(FOLDER)
    write("inner.html", "{% endfor %}")
    for text, line, said in (
        ("a\nb\n{% nonsense %}\n", 3, "nonsense"),
        ("{{ open\n", 1, "{{ open"),
        ("{% if 1 %}\n{% endfor %}", 2, "endfor"),
        ("{% else %}", 1, "else"),
        ("{%  %}", 1, "{%"),
        ("x\n{", 2, "{"),
        ("x\n\n{% if 1 %}\ny\n", 4, "has no end"),
        ('x\n{% include "inner.html" %}\n', 1, "template 'inner.html'"),
    ):
        write("page.html", text)
        error = raised(SyntaxError, Template, "page.html")
        assert "line %d" % line in str(error), (text, error)
        assert said in str(error), (text, error)
        assert ".html'" in str(error)


@with_folder
def test_what_is_not_well_formed_is_not_kept():
    write("page.html", "before {{ x y }} after")
    Template.initialize(FOLDER)
    raised(SyntaxError, Template, "page.html")
    Template.initialize(FOLDER)
    raised(SyntaxError, Template, "page.html")
    write("page.html", "before after")
    Template.initialize(FOLDER)
    assert Template("page.html").render() == "before after"


@with_folder
def test_an_error_in_a_template_is_a_500():
    write("page.html", "{% args x %}\n{{ x.y }}")
    Template.initialize(FOLDER)
    app = Microdot()
    seen = []

    @app.errorhandler(AttributeError)
    async def failed(request, error):
        seen.append(type(error))
        return "failed", 500

    @app.get("/")
    async def index(request):
        return Template("page.html").render(1)

    assert answer(app).status_code == 500
    assert seen == [AttributeError]


# Escaping

EVIL = "<script>alert(\"1\" & '2')</script>"
HARMLESS = "&lt;script&gt;alert(&quot;1&quot; &amp; &#39;2&#39;)&lt;/script&gt;"


def test_w_sec_09_escape():
    assert escape(EVIL) == HARMLESS
    assert escape("&amp;") == "&amp;amp;"
    assert escape(5) == "5"
    assert escape(None) == "None"
    assert escape(Markup("<b>")) == "<b>"
    assert str(Markup("<b>")) == "<b>"


@with_folder
def test_w_sec_09_escape_in_a_template():
    write(
        "page.html",
        "{% args text %}\n{% set from microdot.utemplate import escape %}\n<p>{{ escape(text) }}",
    )
    Template.initialize(FOLDER)
    assert Template("page.html").render(EVIL) == "<p>" + HARMLESS


@with_folder
def test_w_sec_09_the_escaping_loader():
    write("page.html", '{% args text %}\n<p title="{{ text }}">{% include "part.html" text %}</p>')
    write("part.html", "{% args text %}\n<i>{{ text }}</i>")
    write("plain.txt", "{% args text %}\n{{ text }}")
    Template.initialize(FOLDER, loader_class=library.EscapingLoader)
    expected = '<p title="%s"><i>%s</i></p>' % (HARMLESS, HARMLESS)
    assert Template("page.html").render(EVIL) == expected
    assert "".join(Template("page.html").generate(EVIL)) == expected
    assert asyncio.run(Template("page.html").render_async(EVIL)) == expected
    assert Template("page.html").render(Markup("<br>")) == '<p title="<br>"><i><br></i></p>'
    assert Template("plain.txt").render(EVIL) == EVIL


@with_folder
def test_w_sec_09_what_another_loader_compiled_is_not_taken():
    write("page.html", "{% args text %}\n{{ text }}")
    Template.initialize(FOLDER)
    assert Template("page.html").render("<") == "<"
    Template.initialize(FOLDER, loader_class=library.EscapingLoader)
    assert Template("page.html").render("<") == "&lt;"
    Template.initialize(FOLDER)
    assert Template("page.html").render("<") == "<"
    os.remove(FOLDER + "/page.html")
    Template.initialize(FOLDER, loader_class=library.EscapingLoader)
    assert "another loader" in str(raised(OSError, Template, "page.html"))


@with_folder
def test_w_sec_09_escaped_templates_can_do_without_their_source():
    write("page.html", "{% args text %}\n{{ text }}")
    Template.initialize(FOLDER, loader_class=library.EscapingLoader)
    Template("page.html")
    os.remove(FOLDER + "/page.html")
    Template.initialize(FOLDER, loader_class=library.EscapingLoader)
    assert Template("page.html").render("<") == "&lt;"


@with_folder
def test_w_sec_09_a_computed_include_cannot_be_escaped():
    write("page.html", "{% args name %}\n{% include {{name}} %}")
    Template.initialize(FOLDER, loader_class=library.EscapingLoader)
    assert "computed name" in str(raised(SyntaxError, Template, "page.html"))


# Applications with templates of their own


def app_with(folder, text, **options):
    """Return an application with a template in a folder of its own, and its plugin."""
    os.mkdir(FOLDER + "/" + folder)
    write(folder + "/page.html", text)
    app = Microdot()
    plugin = app.use(UTemplate(FOLDER + "/" + folder, **options))

    @app.get("/")
    async def index(request):
        before = Template("page.html").render()
        await asyncio.sleep(0.01)
        return before + Template("page.html").render()

    @app.get("/plain")
    def plain(request):
        return Template("page.html").render()

    return app, plugin


@with_folder
def test_w_core_28_two_applications_have_templates_of_their_own():
    one, _ = app_with("one", "1")
    two, _ = app_with("two", "2")

    async def ask():
        clients = [TestClient(one), TestClient(two)]
        responses = await asyncio.gather(*[client.get("/") for client in clients * 3])
        for client in clients:
            responses.append(await client.get("/plain"))
        return [response.text for response in responses]

    assert asyncio.run(ask()) == ["11", "22"] * 3 + ["1", "2"]


@with_folder
def test_w_core_28_a_mounted_application_keeps_its_templates():
    outer, plugin = app_with("outer", "outer")
    inner, _ = app_with("inner", "inner")
    outer.mount(inner, "/inner", local=True)

    @outer.after_request
    async def after(request, response):
        response.headers["X-Template"] = Template("page.html").render()

    for _ in range(2):
        assert answer(outer).text == "outerouter"
        response = answer(outer, "/inner/")
        assert response.text == "innerinner"
    assert plugin.template("page.html").render() == "outer"


@with_folder
def test_w_core_28_an_application_without_the_plugin_is_not_touched():
    Template.initialize(FOLDER)
    write("page.html", "default")
    outer = Microdot()
    inner, _ = app_with("inner", "inner")
    outer.mount(inner, "/inner", local=True)

    @outer.get("/")
    async def index(request):
        return Template("page.html").render()

    async def ask():
        client = TestClient(outer)
        texts = []
        for path in ("/", "/inner/plain", "/", "/nowhere"):
            texts.append((await client.get(path)).text)
        return texts

    assert asyncio.run(ask()) == ["default", "inner", "default", "Not found"]
    assert Template("page.html").render() == "default"


@with_folder
def test_the_first_plugin_is_the_default():
    _, plugin = app_with("one", "1")
    app_with("two", "2")
    assert Template("page.html").render() == "1"
    assert plugin.template("page.html").render() == "1"
    Template.initialize(FOLDER + "/two")
    assert Template("page.html").render() == "2"


@with_folder
def test_the_loader_of_a_plugin():
    os.mkdir(FOLDER + "/own")
    write("own/page.html", "{{ '<' }}")
    app = Microdot()
    plugin = app.use(UTemplate(FOLDER + "/own", loader_class=library.EscapingLoader))
    assert app.plugins["utemplate"] is plugin
    assert plugin.template("page.html").render() == "&lt;"
    assert Template("page.html", loader=plugin.loader).render() == "&lt;"


@with_folder
def test_templates_of_a_hook_and_of_an_error_handler():
    app, _ = app_with("own", "own")
    Template.initialize(FOLDER)

    @app.before_request
    async def before(request):
        if request.path == "/before":
            return Template("page.html").render()

    @app.errorhandler(404)
    async def not_found(request):
        return Template("page.html").render(), 404

    assert answer(app, "/before").text == "own"
    response = answer(app, "/nowhere")
    assert (response.status_code, response.text) == (404, "own")


@with_folder
def test_a_request_that_was_cancelled_leaves_nothing():
    app, plugin = app_with("own", "own")
    write("page.html", "default")
    Template.initialize(FOLDER)

    @app.get("/slow")
    async def slow(request):
        await asyncio.sleep(60)

    async def ask():
        task = asyncio.create_task(wait(TestClient(app)))
        await asyncio.sleep(0.02)
        task.cancel()
        try:
            await task
        except asyncio.CancelledError:
            pass
        inside = (await TestClient(app).get("/plain")).text
        return inside, Template("page.html").render()

    async def wait(client):
        await client.get("/slow")

    assert asyncio.run(ask()) == ("own", "default")
