// Reads events with Node's EventSource, until as many as wanted have come, and prints them as JSON.
const [address, count] = process.argv.slice(2);
const source = new EventSource(address);
const events = [];
source.onmessage = ({ data, lastEventId }) => {
  events.push([data, lastEventId]);
  if (events.length === Number(count)) {
    source.close();
    console.log(JSON.stringify(events));
    process.exit(0);
  }
};
source.onerror = () => {
  console.log(JSON.stringify({ error: events }));
  process.exit(1);
};
