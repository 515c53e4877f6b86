/**
 * Ways to spell a text inside another text, and a reader that undoes them.
 */

const each = (text: string, f: (unit: string) => string): string =>
  Array.from({ length: text.length }, (_, at) => f(text.charAt(at))).join("")

const percent = (text: string): string =>
  Array.from(new TextEncoder().encode(text), (byte) => `%${byte.toString(16).padStart(2, "0")}`).join("")

const code = (unit: string): number => unit.charCodeAt(0)

export const spellings: Readonly<Record<string, (text: string) => string>> = {
  "as it is": (text) => text,
  "in lower case": (text) => text.toLowerCase(),
  "in capitals": (text) => text.toUpperCase(),
  "in a URL": (text) => encodeURIComponent(text),
  "in a form": (text) => new URLSearchParams({ a: text }).toString().slice(2),
  "with %2D": (text) => text.replaceAll("-", "%2D"),
  "with each octet percent-encoded": percent,
  "percent-encoded in capitals": (text) => percent(text).toUpperCase(),
  "percent-encoded twice": (text) => encodeURIComponent(percent(text)),
  "as JSON": (text) => JSON.stringify(text).slice(1, -1),
  "as JSON inside JSON": (text) => JSON.stringify(JSON.stringify(text).slice(1, -1)).slice(1, -1),
  "with JSON's escapes": (text) => each(text, (unit) => `\\u${code(unit).toString(16).padStart(4, "0")}`),
  "as HTML": (text) => text.replaceAll("&", "&amp;").replaceAll("\"", "&quot;").replaceAll("-", "&#45;"),
  "with HTML's references": (text) => each(text, (unit) => `&#${code(unit)};`),
  "with HTML's references in hex": (text) => each(text, (unit) => `&#x${code(unit).toString(16)};`),
  "in base64": (text) => Buffer.from(text).toString("base64"),
  "in base64url, after a character": (text) => Buffer.from(` ${text}`).toString("base64url"),
  "in base64url, after two characters": (text) => Buffer.from(`  ${text}`).toString("base64url"),
  "in base64, in lower case": (text) => Buffer.from(text.toLowerCase()).toString("base64"),
  "in base64, with JSON's escapes": (text) =>
    Buffer.from(each(text, (unit) => `\\u00${code(unit).toString(16)}`)).toString("base64"),
  "in hex": (text) => Buffer.from(text).toString("hex"),
  "in hex, in capitals": (text) => Buffer.from(text).toString("hex").toUpperCase()
}

/** The text, and what is left of it when its escapes are removed, one kind after another, up to four times. */
export const readings = (text: string): ReadonlyArray<string> => {
  const all = [text]
  for (let round = 0; round < 4; round++) {
    all.push(
      (all.at(-1) ?? "")
        .replaceAll(/\\u([0-9a-f]{4})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
        .replaceAll(/\\(["\\/])/g, "$1")
        .replaceAll(/&#x([0-9a-f]+);/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
        .replaceAll(/&#(\d+);/g, (_, decimal: string) => String.fromCharCode(Number(decimal)))
        .replaceAll("&hyphen;", "-")
        .replaceAll("&quot;", "\"")
        .replaceAll("&amp;", "&")
        .replaceAll(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    )
  }
  const contents = all.flatMap((one) =>
    [...one.matchAll(/[A-Za-z0-9+/_-]{16,}/g)].map(([part]) => Buffer.from(part, "base64").toString())
  )
  return [
    ...all,
    ...contents,
    ...contents.map((one) =>
      one.replaceAll(/\\u00([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    )
  ]
}

/** The part of the secret that the text shows: a run of eight characters, in any reading, or in base64 or hex. */
export const traceOf = (text: string, secret: string): string | undefined => {
  const forms = [
    secret,
    ...["", " ", "  "].map((before) =>
      Buffer.from(before + secret).toString("base64url").slice(before === "" ? 0 : before.length + 1, -2)
    ),
    Buffer.from(secret).toString("hex")
  ].map(folded)
  for (const reading of readings(text).map(folded)) {
    for (const form of forms) {
      for (let at = 0; at + 8 <= form.length; at++) {
        if (reading.includes(form.slice(at, at + 8))) return form.slice(at, at + 8)
      }
    }
  }
  return undefined
}

const folded = (text: string): string => text.toLowerCase().replaceAll("+", "-").replaceAll("/", "_")

/** Whether the text shows the code, in any case, with or without its hyphen. */
export const says = (text: string, code: string): boolean =>
  readings(text).some((reading) => letters(reading).includes(letters(code))) ||
  traceOf(text, code) !== undefined || traceOf(text, code.toLowerCase()) !== undefined

const letters = (text: string): string => text.replaceAll(/[^a-z0-9]/gi, "").toLowerCase()
