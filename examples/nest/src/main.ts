// A Nest application with a gateway in front: asks it twice, and ends.
import { startApp } from "./app.js";
import { startService } from "./service.js";

const service = await startService();
const { app, url } = await startApp(service.url);
for (const path of ["/greetings", "/orders/7"])
  console.log(`${path}: ${await (await fetch(url + path)).text()}`);
await app.close();
await service.close();
