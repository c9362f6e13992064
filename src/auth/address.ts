/** Cloudflare sets it on every request and overwrites what a client sends; it is absent only on a local machine. */
const ADDRESS_HEADER = "cf-connecting-ip";

/**
 * Who a request counts as for limits: an IPv4 address, or the /64 of an IPv6 one, since whoever has one address of
 * it has them all (RFC 6177). X-Forwarded-For is what anybody says, and is never read.
 */
export function sourceOf(request: Request): string {
  const address = request.headers.get(ADDRESS_HEADER) ?? "local";
  return address.includes(":") && !address.includes(".") ? networkOf(address) : address;
}

/** @returns the first four groups of an IPv6 address, with `::` written out. */
function networkOf(address: string): string {
  const [head = "", tail] = address.toLowerCase().split("::");
  const groups = (text: string | undefined) => (text ?? "").split(":").filter((group) => group !== "");
  const left = groups(head);
  const right = groups(tail);
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - left.length - right.length);
  const all = [...left, ...Array.from({ length: zeros }, () => "0"), ...right];
  return `${all
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ""))
    .join(":")}::/64`;
}
