"use strict";
const state = document.getElementById("state");
const messages = document.getElementById("messages");
const form = document.getElementById("say");
let socket;
let pause = 500;
let left = false;

const connect = () => {
  socket = new WebSocket(`${location.origin.replace(/^http/, "ws")}/api/chat`);
  socket.addEventListener("open", () => { pause = 500; });
  socket.addEventListener("message", ({ data }) => {
    const { here, text } = JSON.parse(data);
    if (here !== undefined) state.textContent = here === 1 ? "You are alone here." : `${here} of you are here.`;
    if (text === undefined) return;
    const item = document.createElement("li");
    item.textContent = text;
    messages.append(item);
    while (messages.children.length > 50) messages.firstChild.remove();
    item.scrollIntoView({ block: "nearest" });
  });
  socket.addEventListener("close", ({ code }) => {
    if (left) return;
    state.textContent = `Not connected (${code}); trying again …`;
    setTimeout(connect, pause);
    pause = Math.min(pause * 2, 10000);
  });
};

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (socket.readyState !== WebSocket.OPEN) return;
  socket.send(form.text.value);
  form.reset();
});
// A browser may keep the page, and its connection, for the way back.
addEventListener("pagehide", () => {
  left = true;
  socket.close();
});
addEventListener("pageshow", ({ persisted }) => {
  left = false;
  if (persisted) connect();
});
connect();
