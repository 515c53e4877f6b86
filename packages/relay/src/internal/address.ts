/**
 * The part of an IP address that stands for one caller.
 */

const isIPv4 = (text: string): boolean => {
  const bytes = text.split(".")
  return bytes.length === 4 && bytes.every((byte) => /^(?:0|[1-9]\d{0,2})$/.test(byte) && Number(byte) <= 255)
}

/** The eight groups of an IPv6 address, or `undefined` for any other text. */
const groupsOf = (text: string): ReadonlyArray<number> | undefined => {
  // the longest address has 45 characters, with IPv4 at its end
  if (text.length > 45) return undefined
  const tail = text.slice(text.lastIndexOf(":") + 1)
  if (tail.includes(".") && !isIPv4(tail)) return undefined
  const [a = 0, b = 0, c = 0, d = 0] = tail.split(".").map(Number)
  const plain = tail.includes(".")
    ? `${text.slice(0, -tail.length)}${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`
    : text
  const halves = plain.split("::")
  if (halves.length > 2) return undefined
  const [front = [], back = []] = halves.map((half) => half === "" ? [] : half.split(":"))
  const missing = 8 - front.length - back.length
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined
  const groups = [...front, ...Array.from({ length: missing }, () => "0"), ...back]
  return groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))
    ? groups.map((group) => parseInt(group, 16))
    : undefined
}

// ::ffff:0:0/96 (RFC 4291, section 2.5.5.2) and 64:ff9b::/96 (RFC 6052, section 2.1)
const mapped = ["0:0:0:0:0:ffff", "64:ff9b:0:0:0:0"]

/** The IPv4 address as it is, or the /64 of an IPv6 address. The empty text for anything else. */
export const key = (address: unknown): string => {
  if (typeof address !== "string") return ""
  if (isIPv4(address)) return address
  // a zone (`fe80::1%eth0`) names the server's own interface
  const groups = groupsOf(address.replace(/%[^%]*$/, ""))
  if (groups === undefined) return ""
  const hex = groups.map((group) => group.toString(16))
  if (!mapped.includes(hex.slice(0, 6).join(":"))) return `${hex.slice(0, 4).join(":")}::/64`
  return groups.slice(6).flatMap((group) => [group >> 8, group & 255]).join(".")
}
