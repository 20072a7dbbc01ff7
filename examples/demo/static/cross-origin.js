"use strict";
const ask = document.getElementById("ask");
const forge = document.getElementById("forge");
const answer = document.getElementById("answer");

// The same machine under its other name is another origin, and another site.
const other = location.hostname === "localhost" ? "127.0.0.1" : "localhost";
ask.elements.origin.value = new URLSearchParams(location.search).get("origin")
  || `${location.protocol}//${other}:${location.port}`;

ask.addEventListener("submit", async (event) => {
  event.preventDefault();
  const method = ask.elements.method.value;
  const options = { method, credentials: ask.elements.credentials.checked ? "include" : "omit", cache: "no-store" };
  if (method === "PUT") {
    options.headers = { "Content-Type": "application/json" };
    options.body = "{}";
  }
  answer.textContent = "Asking …";
  try {
    const response = await fetch(ask.elements.origin.value + ask.elements.path.value, options);
    const exposed = response.headers.get("X-Method");
    answer.textContent = `${response.status}${exposed ? `, X-Method: ${exposed}` : ""}\n${await response.text()}`;
  } catch (error) {
    answer.textContent = `The browser refused: ${error.message}`;
  }
});

forge.addEventListener("submit", () => {
  forge.action = `${ask.elements.origin.value}/account/motto`;
});
