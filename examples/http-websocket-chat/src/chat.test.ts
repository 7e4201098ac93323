import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Browser, Page } from "playwright-core";
import { browserPath, openBrowser } from "./browser.ts";
import { startChatServer, type ChatServer } from "./chat-server.ts";
import { openDoor, type Door } from "./door.ts";

const executable = browserPath();
const isNeeded = process.env["CI"] === "true";
if (executable === undefined) console.warn("NO BROWSER: the chat is not tested; install chromium");

describe("two tabs", { skip: executable === undefined && !isNeeded }, () => {
  let chat: ChatServer;
  let door: Door;
  let browser: Browser;

  before(async () => {
    assert.ok(executable !== undefined, "the tests need chromium");
    chat = await startChatServer();
    door = await openDoor(chat.url);
    browser = await openBrowser(executable);
  });

  after(async () => {
    await browser?.close();
    await door?.close();
    await chat?.close();
  });

  const openTab = async (): Promise<Page> => {
    const page = await (await browser.newContext()).newPage();
    await page.goto(`${door.url}/`);
    await page.getByText("connected", { exact: true }).waitFor();
    return page;
  };
  const say = async (page: Page, text: string): Promise<void> => {
    await page.fill("#text", text);
    await page.click("button");
  };

  it("exchange messages through the gateway, and are told when it goes", async () => {
    const ann = await openTab();
    const bob = await openTab();
    await say(ann, "hello from ann");
    await bob.getByText("hello from ann").waitFor();
    await say(bob, "grüße von bob 🙂");
    await ann.getByText("grüße von bob 🙂").waitFor();
    assert.equal(chat.clients(), 2);
    await ann.close();
    await say(bob, "anybody there?");
    await bob.getByText("anybody there?").waitFor();
    assert.equal(chat.clients(), 1);
    await door.close();
    await bob.getByText("closed 1001").waitFor();
  });
});
