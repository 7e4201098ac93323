// Stays up until it is interrupted: open the address in two tabs. node src/main.ts
import { once } from "node:events";
import { startChatServer } from "./chat-server.ts";
import { openDoor } from "./door.ts";

const chat = await startChatServer();
const door = await openDoor(chat.url, 8080);
console.log(`open ${door.url}/ in two tabs; Ctrl-C ends it`);
await once(process, "SIGINT");
await door.close();
await chat.close();
