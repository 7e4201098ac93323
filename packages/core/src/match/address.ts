import ipaddr from "ipaddr.js";

/** Answers whether an address lies in one of a list of ranges. */
export type AddressSet = (address: string) => boolean;

/** Whether a text is an IP address or a range in CIDR form. */
export function isAddressRange(range: string): boolean {
  return parseRange(range) !== undefined;
}

/**
 * Compiles CIDR ranges and single addresses. IPv4 addresses mapped into IPv6 count as IPv4; what is no
 * address lies in no range.
 */
export function compileAddresses(ranges: readonly string[]): AddressSet {
  const parsed = ranges.map(parseRange).filter((range) => range !== undefined);
  if (parsed.length === 0) return () => false;
  return (address) => {
    if (!ipaddr.isValid(address)) return false;
    const ip = ipaddr.process(address);
    return parsed.some(
      ([network, bits]) => network.kind() === ip.kind() && ip.match(network, bits),
    );
  };
}

/** An address in its usual form: IPv4 out of a mapped IPv6 address, brackets, zone and port left out. Undefined when it is none. */
export function plainAddress(text: string): string | undefined {
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return text;
  const bare =
    /^\[([^\]]*)\](?::\d{1,5})?$/.exec(text)?.[1] ??
    /^(\d+\.\d+\.\d+\.\d+):\d{1,5}$/.exec(text)?.[1] ??
    text;
  const noZone = bare.replace(/%.*$/, "");
  if (ipaddr.IPv4.isValidFourPartDecimal(noZone)) return noZone;
  return ipaddr.IPv6.isValid(noZone) ? ipaddr.process(noZone).toString() : undefined;
}

function parseRange(range: string): [ipaddr.IPv4 | ipaddr.IPv6, number] | undefined {
  try {
    if (range.includes("/")) return ipaddr.parseCIDR(range);
    if (ipaddr.IPv4.isValid(range) && !ipaddr.IPv4.isValidFourPartDecimal(range)) return undefined;
    const ip = ipaddr.process(range);
    return [ip, ip.kind() === "ipv4" ? 32 : 128];
  } catch {
    return undefined;
  }
}
