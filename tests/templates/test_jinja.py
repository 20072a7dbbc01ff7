"""microdot.jinja with the real Jinja2 (contract section 15, W-CORE-08, W-CORE-28)."""

import asyncio
import subprocess
import sys

import jinja2
import pytest
from microdot import Microdot
from microdot.jinja import Jinja, Template, init_templates
from microdot.test_client import TestClient

EVIL = "<script>alert(\"1\" & '2')</script>"
HARMLESS = "&lt;script&gt;alert(&#34;1&#34; &amp; &#39;2&#39;)&lt;/script&gt;"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A folder of templates, the current one, and nothing initialized."""
    monkeypatch.setattr(Template, "jinja_env", None)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates/hello.txt").write_text("Hello, {{ name }}!")
    for kind in ("html", "htm", "xml", "txt"):
        (tmp_path / "templates" / ("page." + kind)).write_text("{{ text }}")
    return tmp_path


def answer(app, path="/"):
    return asyncio.run(TestClient(app).get(path))


async def collect(iterator):
    return "".join([piece async for piece in iterator])


def test_render():
    Template.initialize("templates")
    assert Template("hello.txt").render(name="foo") == "Hello, foo!"
    assert Template("hello.txt").render({"name": "foo"}) == "Hello, foo!"


def test_generate():
    Template.initialize("templates")
    assert "".join(Template("hello.txt").generate(name="foo")) == "Hello, foo!"


def test_the_asynchronous_pair():
    Template.initialize("templates", enable_async=True)
    assert asyncio.run(Template("hello.txt").render_async(name="foo")) == "Hello, foo!"
    pieces = Template("hello.txt").generate_async(name="foo")
    assert asyncio.run(collect(pieces)) == "Hello, foo!"


def test_the_asynchronous_pair_awaits(folder):
    (folder / "templates/wait.txt").write_text("{{ wait() }}")
    Template.initialize("templates", enable_async=True)

    async def wait():
        await asyncio.sleep(0)
        return "waited"

    assert asyncio.run(Template("wait.txt").render_async(wait=wait)) == "waited"


@pytest.mark.parametrize("kind", ["render", "generate", "render_async", "generate_async"])
def test_in_an_application(kind):
    Template.initialize("templates", enable_async=kind.endswith("async"))
    app = Microdot()

    @app.get("/")
    async def index(request):
        result = getattr(Template("hello.txt"), kind)(name="foo")
        return await result if kind == "render_async" else result

    response = answer(app)
    assert (response.status_code, response.body) == (200, b"Hello, foo!")


@pytest.mark.parametrize("kind", ["render", "generate"])
def test_in_a_plain_handler(kind):
    Template.initialize("templates")
    app = Microdot()

    @app.get("/")
    def index(request):
        return getattr(Template("hello.txt"), kind)(name="foo")

    assert answer(app).body == b"Hello, foo!"


def test_name_and_template():
    template = Template("hello.txt")
    assert template.name == "hello.txt"
    assert isinstance(template.template, jinja2.Template)


def test_the_first_use_initializes():
    assert Template.jinja_env is None
    assert Template("hello.txt").render(name="foo") == "Hello, foo!"
    assert isinstance(Template.jinja_env, jinja2.Environment)


def test_initialize_again(folder):
    (folder / "other").mkdir()
    (folder / "other/hello.txt").write_text("Other")
    for _ in range(2):
        Template.initialize("templates")
        assert Template("hello.txt").render(name="foo") == "Hello, foo!"
        Template.initialize("other")
        assert Template("hello.txt").render() == "Other"


def test_several_folders(folder):
    (folder / "other").mkdir()
    (folder / "other/own.txt").write_text("own")
    Template.initialize(["other", folder / "templates"])
    assert Template("own.txt").render() + Template("hello.txt").render(name="x") == "ownHello, x!"


def test_init_templates_of_microdot_2_0():
    init_templates("templates", enable_async=True)
    assert Template.jinja_env.is_async


def test_the_environment_is_for_the_application():
    Template.initialize("templates")
    Template.jinja_env.filters["loud"] = str.upper
    Template.jinja_env.globals["name"] = "foo"
    assert Template("hello.txt").render() == "Hello, foo!"
    assert Template.jinja_env.from_string("{{ 'x' | loud }}").render() == "X"


def test_options_of_the_environment():
    loader = jinja2.DictLoader({"page.html": "<% if 1 %>\n{{ text }}<% endif %>"})
    Template.initialize(
        loader=loader, autoescape=False, trim_blocks=True, block_start_string="<%",
        block_end_string="%>",
    )  # fmt: skip
    assert Template("page.html").render(text="<") == "<"


def test_options_of_get_template():
    Template.initialize("templates")
    assert Template("hello.txt", globals={"name": "global"}).render() == "Hello, global!"


def test_an_environment_of_its_own():
    own = jinja2.Environment(loader=jinja2.DictLoader({"x": "own"}))
    assert Template("x", environment=own).render() == "own"
    assert Template.jinja_env is None


@pytest.mark.parametrize(
    ("kind", "expected"), [("html", HARMLESS), ("htm", HARMLESS), ("xml", HARMLESS), ("txt", EVIL)]
)
def test_autoescape(kind, expected):
    Template.initialize("templates")
    assert Template("page." + kind).render(text=EVIL) == expected


def test_a_missing_template():
    with pytest.raises(jinja2.TemplateNotFound, match=r"missing\.html"):
        Template("missing.html")


def test_a_name_that_leads_out_of_the_folder(folder):
    (folder / "secret.txt").write_text("secret")
    for name in ("../secret.txt", str(folder / "secret.txt")):
        with pytest.raises(jinja2.TemplateNotFound):
            Template(name)


def test_the_wrong_mode_says_what_to_use():
    Template.initialize("templates")
    template = Template("hello.txt")
    with pytest.raises(RuntimeError, match=r"generate_async\(\).*'hello.txt'.*use render\(\)"):
        template.generate_async()
    with pytest.raises(RuntimeError, match=r"render_async\(\).*enable_async=True"):
        asyncio.run(template.render_async())
    Template.initialize("templates", enable_async=True)
    template = Template("hello.txt")
    with pytest.raises(RuntimeError, match=r"^generate\(\).*use render_async\(\)"):
        template.generate()
    with pytest.raises(RuntimeError, match=r"^render\(\).*enable_async=False"):
        template.render()


def test_the_wrong_mode_is_a_500(caplog):
    Template.initialize("templates", enable_async=True)
    app = Microdot()

    @app.get("/")
    async def index(request):
        return Template("hello.txt").render()

    assert answer(app).status_code == 500
    assert "enable_async" in caplog.text


def test_w_core_08_an_empty_template_is_an_empty_response(folder):
    (folder / "templates/empty.html").write_text("")
    app = Microdot()

    @app.get("/")
    async def index(request):
        return Template("empty.html").generate()

    response = answer(app)
    assert (response.status_code, response.body) == (200, b"")


# Applications with templates of their own


def app_with(folder, name, **options):
    """Return an application with a template in a folder of its own, and its plugin."""
    (folder / name).mkdir()
    (folder / name / "page.html").write_text(name)
    app = Microdot()
    plugin = app.use(Jinja(folder / name, **options))

    @app.get("/")
    async def index(request):
        before = Template("page.html").render()
        await asyncio.sleep(0.01)
        return before + Template("page.html").render()

    @app.get("/plain")
    def plain(request):
        return Template("page.html").render()

    return app, plugin


def test_w_core_28_two_applications_have_templates_of_their_own(folder):
    clients = [TestClient(app_with(folder, name)[0]) for name in ("one", "two")]

    async def ask():
        responses = await asyncio.gather(
            *[client.get(path) for path in ("/", "/plain") for client in clients * 3]
        )
        return [response.text for response in responses]

    assert asyncio.run(ask()) == ["oneone", "twotwo"] * 3 + ["one", "two"] * 3


def test_w_core_28_two_modes(folder):
    one, _ = app_with(folder, "one")
    two, _ = app_with(folder, "two", enable_async=True)

    @two.get("/async")
    async def index(request):
        return await Template("page.html").render_async()

    assert answer(one).text == "oneone"
    assert answer(two, "/async").text == "two"
    assert answer(one).text == "oneone"


def test_w_core_28_a_mounted_application_keeps_its_templates(folder):
    outer, _ = app_with(folder, "outer")
    inner, _ = app_with(folder, "inner")
    outer.mount(inner, "/inner", local=True)
    for _ in range(2):
        assert answer(outer).text == "outerouter"
        assert answer(outer, "/inner/").text == "innerinner"
        assert answer(outer, "/inner/plain").text == "inner"


def test_w_core_28_an_application_without_the_plugin_is_not_touched(folder):
    Template.initialize("templates")
    (folder / "templates/page.html").write_text("default")
    outer = Microdot()
    inner, _ = app_with(folder, "inner")
    outer.mount(inner, "/inner", local=True)

    @outer.get("/")
    async def index(request):
        return Template("page.html").render()

    async def ask():
        client = TestClient(outer)
        return [(await client.get(path)).text for path in ("/", "/inner/plain", "/")]

    assert asyncio.run(ask()) == ["default", "inner", "default"]
    assert Template("page.html").render() == "default"


def test_tasks_of_a_handler_have_its_templates(folder):
    app, _ = app_with(folder, "own")
    Template.initialize("templates")

    @app.get("/task")
    async def task(request):
        async def render():
            return Template("page.html").render()

        return await asyncio.create_task(render())

    assert answer(app, "/task").text == "own"


def test_the_first_plugin_is_the_default(folder):
    _, plugin = app_with(folder, "one")
    app_with(folder, "two")
    assert Template.jinja_env is plugin.jinja_env
    assert Template("page.html").render() == "one"
    Template.initialize("two")
    assert Template("page.html").render() == "two"


def test_a_template_of_a_plugin(folder):
    Template.initialize("templates")
    app, plugin = app_with(folder, "own")
    assert app.plugins["jinja"] is plugin
    assert plugin.template("page.html").render() == "own"
    plugin.jinja_env.globals["name"] = "mine"
    assert plugin.template("page.html", globals={}).name == "page.html"


def test_a_subclass_that_is_initialized_is_a_choice(folder):
    class Mail(Template):
        pass

    Mail.initialize("templates")
    app, _ = app_with(folder, "own")

    @app.get("/mail")
    async def mail(request):
        return Mail("hello.txt").render(name="foo")

    assert answer(app, "/mail").text == "Hello, foo!"
    assert answer(app).text == "ownown"


def test_a_request_that_was_cancelled_leaves_nothing(folder):
    Template.initialize("templates")
    app, plugin = app_with(folder, "own")

    @app.get("/slow")
    async def slow(request):
        await asyncio.sleep(60)

    async def ask():
        task = asyncio.ensure_future(TestClient(app).get("/slow"))
        await asyncio.sleep(0.02)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return Template("hello.txt").template.environment is plugin.jinja_env

    assert asyncio.run(ask()) is False


def test_without_jinja2_the_error_says_what_to_install():
    code = "import sys; sys.modules['jinja2'] = None; import microdot.jinja"
    done = subprocess.run([sys.executable, "-c", code], stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1
    assert "pip install 'microdot-templates[jinja]'" in done.stderr
    assert "microdot.utemplate" in done.stderr


def test_jinja_does_without_utemplate():
    code = "import sys; sys.modules['utemplate'] = None; import microdot.jinja"
    subprocess.run([sys.executable, "-c", code], check=True)
