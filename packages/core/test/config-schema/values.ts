/** Texts of every kind that a config has, and of kinds that it must not have. */
export const texts = [
  ...["", "a", "orders", "x-a", "v1", "GET", "get", "__proto__", "constructor", "a b", "a\nb", "é"],
  ...["/", "/a", "/a/:id", "/a/:id/*", "/*", "a/b", "/a//b", "/../a", "/a?b", "/a%zz", "/%2f"],
  ...["http://a", "https://B:80/c", "http://a:99999", "http://u@a", "ftp://a", "a://b", "http:a"],
  ...["a.example", "*.example", "a.*", "a:80", "[::1]", "[::1]:80", "[1]", "10.0.0.0/8", "::1"],
  ...["/:", "[a-z]+", "(a", "(a)\\1", "$1", "clientAddress", "id", "0", "*"],
  ...["/run/app.sock", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "file.pem"],
  "-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----",
  "-----BEGIN PRIVATE KEY-----\nMII\n-----END PRIVATE KEY-----",
  ...["https://*.example", "http://a:1", "https://a.*.b", "a+b://c"],
];

/** Numbers near the bounds that a config has. */
export const numbers = [
  ...[-1e300, -1, 0, 0.5, 1, 2, 5, 10, 11, 80, 200, 302, 404, 599, 600, 65_536, 2 ** 53],
];
