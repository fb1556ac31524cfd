// Where a generated client connects to: node address.mjs MODULE. For each line of JSON, a class's name and parameters, it
// writes the address that this client opens.
import { createInterface } from "node:readline";

const made = await import(process.argv[2]);

for await (const line of createInterface({ input: process.stdin })) {
  const [name, params] = JSON.parse(line);
  let client;
  const url = await new Promise((resolve) => {
    const WebSocket = class {
      constructor(url) {
        resolve(url);
      }
      close() {}
    };
    client = new made[name]("https://example.com/", { params, WebSocket });
    client.connect().catch(() => undefined); // it is closed below
  });
  client.close();
  console.log(JSON.stringify(url));
}
process.exit(0); // the timers of those that were closed do not matter
