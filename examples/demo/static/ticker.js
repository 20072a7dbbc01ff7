"use strict";
const state = document.getElementById("state");
const number = document.getElementById("number");
const button = document.querySelector("#control button");
let source;

const start = () => {
  source = new EventSource("/api/ticker");
  source.addEventListener("open", () => { state.textContent = "Live"; });
  source.addEventListener("error", () => { state.textContent = "Not connected; the browser tries again …"; });
  source.addEventListener("tick", ({ data }) => {
    const tick = JSON.parse(data);
    number.value = tick.number;
    number.title = `${tick.responses} responses so far`;
  });
  button.textContent = "Stop";
};

document.getElementById("control").addEventListener("submit", (event) => {
  event.preventDefault();
  if (source) {
    source.close();
    source = undefined;
    state.textContent = "Stopped";
    button.textContent = "Start";
  } else {
    start();
  }
});
// A browser may keep the page, and its connection, for the way back.
addEventListener("pagehide", () => { if (source) source.close(); });
addEventListener("pageshow", ({ persisted }) => { if (persisted && source) start(); });
start();
