"use strict";
const form = document.getElementById("upload");
const progress = document.getElementById("progress");
const result = document.getElementById("result");

form.addEventListener("submit", (event) => {
  event.preventDefault();
  // fetch() does not tell how much has been sent.
  const request = new XMLHttpRequest();
  request.upload.addEventListener("progress", ({ loaded, total }) => {
    progress.value = loaded / total;
    progress.dataset.steps = Number(progress.dataset.steps || 0) + 1;
  });
  request.addEventListener("load", () => {
    if (request.status !== 200) {
      result.textContent = `${request.status} ${request.statusText}\n${request.responseText}`;
      return;
    }
    const { fields, files } = JSON.parse(request.responseText);
    const lines = fields.map(([name, value]) => `${name}: ${value}`);
    for (const file of files) {
      lines.push(`${file.name}: ${file.size} bytes, checksum ${file.checksum}`);
    }
    result.textContent = lines.join("\n");
  });
  request.addEventListener("error", () => { result.textContent = "The server closed the connection."; });
  result.textContent = "Sending …";
  request.open("POST", "/api/upload");
  request.send(new FormData(form));
});
