/**
 * The ways in which a text may be spelled inside another text.
 */
import * as Wire from "@sso-oidc/core/aws/Wire"

// -----------------------------------------------------------------------------
// forms of a secret
// -----------------------------------------------------------------------------

/** The forms of `Wire.formsOf`, the spelling of an HTML form, and the secret without its own escapes. */
export const formsOf = (secret: string): ReadonlyArray<string> => {
  const { base64, hex, written } = Wire.formsOf(secret)
  const forms = new Set([...written, secret.replaceAll(" ", "+"), hex, ...base64])
  // a search removes the escapes of a text, and with them the escapes of a secret in it
  const bare = layersOf(secret).texts.at(-1)
  return [...(bare === undefined ? forms : forms.add(bare))]
}

// -----------------------------------------------------------------------------
// escapes of a text
// -----------------------------------------------------------------------------

const escapes =
  /\\u(?<unit>[0-9a-f]{4})|\\x(?<byte>[0-9a-f]{2})|\\(?<self>["\\/])|(?<octets>(?:%[0-9a-f]{2})+)|&#(?<decimal>\d{1,7});?|&#x(?<hex>[0-9a-f]{1,6});?|&(?<name>amp|lt|gt|quot|apos|nbsp|hyphen|dash);/gi

const named: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: "\"",
  apos: "'",
  nbsp: "\u00a0",
  hyphen: "-",
  dash: "-"
}

const meaningOf = (groups: Readonly<Record<string, string | undefined>>): string => {
  const { byte, decimal, hex, name, octets, self, unit } = groups
  if (octets !== undefined) return decodeOctets(octets)
  const code = unit ?? byte
  if (code !== undefined) return String.fromCharCode(Number.parseInt(code, 16))
  if (self !== undefined) return self
  if (name !== undefined) return named[name.toLowerCase()] ?? ""
  const point = decimal === undefined ? Number.parseInt(hex ?? "", 16) : Number.parseInt(decimal, 10)
  return point <= 0x10ffff ? String.fromCodePoint(point) : ""
}

const decodeOctets = (octets: string): string =>
  decoded(Uint8Array.from(octets.slice(1).split("%"), (pair) => Number.parseInt(pair, 16)))

const decoded = (bytes: Uint8Array): string => new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes)

/** A text without one layer of its escapes, and the place where each of its units stood. */
export interface Bare {
  readonly text: string
  readonly from: ReadonlyArray<number>
  readonly to: ReadonlyArray<number>
}

/** Removes one layer of percent-encoding, JSON's escapes and HTML's references from the text. */
export const bareOf = (text: string): Bare => {
  const parts: Array<string> = []
  const from: Array<number> = []
  const to: Array<number> = []
  let at = 0
  /** Each unit of `meaning` stood at `width` characters from `at` on. Without `width`, all units stood there. */
  const put = (meaning: string, length: number, width?: number) => {
    parts.push(meaning)
    for (let i = 0; i < meaning.length; i++) {
      from.push(width === undefined ? at : at + width * i)
      to.push(width === undefined ? at + length : at + width * (i + 1))
    }
    at += length
  }
  for (const match of text.matchAll(escapes)) {
    put(text.slice(at, match.index), match.index - at, 1)
    const [{ length }] = match
    const meaning = meaningOf(match.groups ?? {})
    // each octet of ASCII takes three characters
    put(meaning, length, match.groups?.["octets"] !== undefined && 3 * meaning.length === length ? 3 : undefined)
  }
  put(text.slice(at), text.length - at, 1)
  return { text: parts.join(""), from, to }
}

const unescaped = (text: string): string => {
  // most texts have no escape at all
  if (!/[\\%&]/.test(text)) return text
  const parts: Array<string> = []
  let at = 0
  for (const match of text.matchAll(escapes)) {
    parts.push(text.slice(at, match.index), meaningOf(match.groups ?? {}))
    at = match.index + match[0].length
  }
  return parts.join("") + text.slice(at)
}

const mostLayers = 8

/** The text, and what is left of it after each layer of its escapes. `more` is `true` if it has more layers than the limit. */
export const layersOf = (text: string): { readonly texts: ReadonlyArray<string>; readonly more: boolean } => {
  const texts = [text]
  for (let last = text;;) {
    const next = unescaped(last)
    if (next === last) return { texts, more: false }
    if (texts.length === mostLayers) return { texts, more: true }
    texts.push(next)
    last = next
  }
}

// -----------------------------------------------------------------------------
// encodings inside a text
// -----------------------------------------------------------------------------

/** The decoded parts of a text that may be base64 or hex. It is empty if there is none. */
const contentsOf = (text: string): string => {
  const found: Array<string> = []
  // at least eight bytes, because a secret that is searched for has as many
  for (const [part] of text.matchAll(/[A-Za-z0-9+/_-]{11,}/g)) {
    // a slash or a hyphen before it may not be part of it
    for (let offset = 0; offset < 4; offset++) found.push(fromBase64(part.slice(offset)))
  }
  for (const [part] of text.matchAll(/(?:[0-9a-f]{2}){8,}/gi)) {
    for (const digits of [part, part.slice(1)]) {
      found.push(decoded(Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))))
    }
  }
  return found.join("\u0000")
}

const fromBase64 = (text: string): string => {
  const part = text.slice(0, text.length - (text.length % 4 === 1 ? 1 : 0))
  const binary = atob(part.replaceAll("-", "+").replaceAll("_", "/"))
  return decoded(Uint8Array.from(binary, (char) => char.charCodeAt(0)))
}

/** What a text says. */
export interface Readings {
  /** The text, and what is left of it after each layer of its escapes. */
  readonly texts: ReadonlyArray<string>
  /** The decoded base64 and hex in the text. Most of it is there by chance, so short words in it mean nothing. */
  readonly contents: ReadonlyArray<string>
  /** Whether the text has more layers than the limit. */
  readonly more: boolean
}

export const readingsOf = (text: string): Readings => {
  const outer = layersOf(text)
  const inner = outer.texts.map(contentsOf).filter((contents) => contents !== "").map(layersOf)
  return {
    texts: outer.texts,
    contents: inner.flatMap(({ texts }) => texts),
    more: outer.more
  }
}
