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

// A range of IPv4 addresses mapped into IPv6, as IPv4.
function plainRange(
  network: ipaddr.IPv4 | ipaddr.IPv6,
  bits: number,
): [ipaddr.IPv4 | ipaddr.IPv6, number] {
  return network instanceof ipaddr.IPv6 && network.isIPv4MappedAddress() && bits >= 96
    ? [network.toIPv4Address(), bits - 96]
    : [network, bits];
}

function parseRange(range: string): [ipaddr.IPv4 | ipaddr.IPv6, number] | undefined {
  try {
    if (range.includes("/")) return plainRange(...ipaddr.parseCIDR(range));
    if (ipaddr.IPv4.isValid(range) && !ipaddr.IPv4.isValidFourPartDecimal(range)) return undefined;
    const ip = ipaddr.process(range);
    return [ip, ip.kind() === "ipv4" ? 32 : 128];
  } catch {
    return undefined;
  }
}

/**
 * Addresses that stand for all there are: between two neighbouring edges of the ranges, all lie in the same ones.
 * A few that are in no usual range come first.
 */
export function addressSamples(ranges: readonly string[]): string[] {
  const edges = ranges
    .map(parseRange)
    .filter((range) => range !== undefined)
    .flatMap(([network, bits]) => edgesOf(network, bits));
  return [...new Set(["203.0.113.9", "2001:db8::9", ...edges, "0.0.0.0", "::"])];
}

// The first address of a range, and the first behind it.
function edgesOf(network: ipaddr.IPv4 | ipaddr.IPv6, bits: number): string[] {
  const first = network.toByteArray();
  for (let bit = bits; bit < first.length * 8; bit++)
    first[bit >> 3] = (first[bit >> 3] as number) & ~(128 >> (bit & 7));
  const behind = [...first];
  let carry = 1 << ((8 - (bits & 7)) & 7);
  for (let i = Math.ceil(bits / 8) - 1; i >= 0 && carry > 0; i--) {
    const sum = (behind[i] as number) + carry;
    behind[i] = sum & 255;
    carry = sum >> 8;
  }
  return [first, behind].map((bytes) => ipaddr.fromByteArray(bytes).toString());
}
