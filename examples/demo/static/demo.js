"use strict";
const out = (id, text) => { document.getElementById(id).textContent = text; };
const show = async (id, response) => {
  const text = await response.text();
  out(id, `${response.status} ${response.statusText}\n${text}`);
};

const actions = {
  hello: async (form) => show("hello", await fetch(`/api/hello/${encodeURIComponent(form.name.value || "you")}`)),
  add: async (form) => show("add", await fetch(`/api/add/${form.a.value}/${form.b.value}`)),
  guests: async (form) => {
    const body = new URLSearchParams(new FormData(form));
    await show("guests", await fetch("/api/guests", { method: "POST", body }));
    form.reset();
  },
  countdown: async () => {
    out("countdown", "");
    const reader = (await fetch("/api/countdown")).body.getReader();
    const decoder = new TextDecoder();
    for (let text = ""; ;) {
      const { done, value } = await reader.read();
      if (done) return;
      text += decoder.decode(value, { stream: true });
      out("countdown", text);
    }
  },
  fail: async () => show("errors", await fetch("/api/fail")),
  missing: async () => show("errors", await fetch("/api/nowhere")),
  file: async () => {
    const first = await fetch("/static/icon.svg", { cache: "no-store" });
    const etag = first.headers.get("ETag");
    const again = await fetch("/static/icon.svg", { cache: "no-store", headers: { "If-None-Match": etag } });
    out("file", `${first.status}, ${(await first.text()).length} bytes, ETag ${etag}\nthen ${again.status} ${again.statusText}`);
  },
};

const about = async () => {
  const data = await (await fetch("/api/about")).json();
  out("about", `Served by ${data.platform} ${data.version}; plugins: ${data.plugins.join(", ")}; ${data.responses} responses so far.`);
};

for (const form of document.querySelectorAll("form[data-run]")) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      await actions[form.dataset.run](form);
      await about();
    } catch (error) {
      out("about", `The server cannot be reached: ${error.message}`);
    }
  });
}
about();
fetch("/api/guests").then((response) => show("guests", response));
