import { expect, it } from "vitest";
import { instanceUrl } from "./instance-url.js";

it.each([
  ["http://10.0.0.9:8080", "http://10.0.0.9:8080", ""],
  ["HTTP://Api.Shop.com:80/", "http://api.shop.com", ""],
  ["https://a:443", "https://a", ""],
  ["https://a:80", "https://a:80", ""],
  ["http://a.", "http://a", ""],
  ["http://[::1]:81/", "http://[::1]:81", ""],
  ["http://a/base/", "http://a/base", "/base"],
  ["http://a//b/../c%7e/", "http://a/c~", "/c~"],
])("%j is %j with the base path %j", (text, url, basePath) => {
  expect(instanceUrl(text)).toEqual({ url, basePath });
});

it.each([
  ...[
    "",
    "a",
    "a:80",
    "ftp://a",
    "http://",
    "http:///a",
    "http://u:p@a",
    "http://a?b",
    "http://a#b",
  ],
  ...["http://a b", "http://a:99999", "http://a/%zz", "http://a/%00", "http://a\\b", " http://a"],
])("%j is none", (text) => expect(instanceUrl(text)).toBeUndefined());
