"use strict";
const state = document.getElementById("state");
const messages = document.getElementById("messages");
const form = document.getElementById("say");
let socket;
let pause = 500;

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
connect();
