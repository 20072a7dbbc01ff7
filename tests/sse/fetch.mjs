// Reads an event stream as Node's fetch() hands it out, and prints what came as JSON.
const response = await fetch(process.argv[2]);
const decoder = new TextDecoder();
let text = "";
for await (const chunk of response.body) {
  text += decoder.decode(chunk, { stream: true });
}
const events = text.split("\n\n").slice(0, -1).map((event) => event.split("\n"));
console.log(JSON.stringify({ type: response.headers.get("content-type"), events }));
