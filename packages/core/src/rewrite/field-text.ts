// What a field name may hold: letters, digits and `-` as one kind, the other characters of a token as another.
const PLAIN = 1;
const ODD = 2;
const CHARACTERS = new Uint8Array(128).map((_, code) => {
  const char = String.fromCharCode(code);
  if (/[A-Za-z0-9-]/.test(char)) return PLAIN;
  return /[!#$%&'*+.^_`|~]/.test(char) ? ODD : 0;
});

/** How a field name is spelled: `none` is no name at all, `odd` holds more than letters, digits and `-`. */
export type Spelling = "plain" | "odd" | "none";

/** The spelling of a field name. Source: RFC 9110 section 5.1. */
export function spellingOf(name: string): Spelling {
  let spelling: Spelling = name === "" ? "none" : "plain";
  for (let i = 0; i < name.length; i++) {
    const kind = CHARACTERS[name.charCodeAt(i)];
    if (kind === PLAIN) continue;
    if (kind !== ODD) return "none";
    spelling = "odd";
  }
  return spelling;
}

/**
 * A name as lenient servers read it. Many make one character of `-`, `_` and whatever else is no letter or digit, as
 * CGI does: `X_Forwarded_For` must not pass where `X-Forwarded-For` may not.
 */
export function foldedName(lowerName: string): string {
  return lowerName.replace(/[^a-z0-9-]/g, "-");
}

/** Whether a text is a token. Source: RFC 9110 section 5.6.2. */
export function isToken(text: string): boolean {
  return spellingOf(text) !== "none";
}

/**
 * A field value without what none may hold: control characters (but for tabs) and what has no byte become spaces.
 * All other bytes stay as they are, those above 127 too.
 *
 * Source: RFC 9110 section 5.5.
 */
export function fieldText(value: string): string {
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i);
    if ((code < 32 || code > 126) && isForbidden(code)) return spaced(value);
  }
  return value;
}

function isForbidden(code: number): boolean {
  return (code < 32 && code !== 9) || code === 127 || code > 255;
}

function spaced(value: string): string {
  return value.replace(/[^\t\u0020-\u007e\u0080-\u00ff]/g, " ");
}
