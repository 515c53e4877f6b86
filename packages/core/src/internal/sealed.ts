/**
 * The sealed texts of `Sealer`, and the keys of its ring: AES-256-GCM by WebCrypto.
 *
 * A sealed text is `1.<name of the key>.<nonce>.<box>`. The nonce and the box, which ends with the tag, are base64url without padding. The
 * associated data is the JSON text of `["1", name of the key, place]`, and the box holds the JSON text of the secret.
 */
import * as Base64 from "effect/encoding/Base64"
import * as Base64Url from "effect/encoding/Base64Url"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Wire from "../aws/Wire.ts"

type Bytes = Uint8Array<ArrayBuffer>

// -----------------------------------------------------------------------------
// keys
// -----------------------------------------------------------------------------

/** What the name of a key must be. */
export const keyName = /^[A-Za-z0-9_-]{1,32}$/

const keyBytes = 32

/** The bytes of a key. `undefined` if a caller gave something else, or has erased it. */
const bytesOf = (key: unknown): Bytes | undefined => {
  try {
    const bytes: unknown = Redacted.isRedacted(key) ? Redacted.value(key) : undefined
    return ArrayBuffer.isView(bytes)
      ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength).slice()
      : undefined
  } catch {
    return undefined
  }
}

/** A copy of the keys, or what is wrong with the ring. It repeats no name: a secret may stand in the wrong place. */
export const keysOf = (
  current: string,
  ring: Readonly<Record<string, unknown>>
): ReadonlyMap<string, Bytes> | string => {
  const keys = new Map<string, Bytes>()
  const entries = Object.entries(ring ?? {})
  for (const [at, [name, key]] of entries.entries()) {
    const which = `key ${at + 1} of ${entries.length} in keys`
    if (!keyName.test(name)) return `the name of ${which} must be 1 to 32 of A-Z a-z 0-9 _ and -`
    const bytes = bytesOf(key)
    if (bytes?.length !== keyBytes) return `${which} must be a Redacted of exactly 32 bytes`
    if (bytes.every((byte) => byte === 0)) return `${which} has only zeros. Give it 32 random bytes`
    keys.set(name, bytes)
  }
  if (keys.size === 0) return "keys must have at least one key"
  return keys.has(current) ? keys : "current must be the name of a key in keys"
}

/** A key from base64 or base64url, with or without padding. */
export const keyIn = (text: string): Redacted.Redacted<Uint8Array> | undefined => {
  const bytes = bytesIn(text.replace(/={0,2}$/, "").replaceAll("+", "-").replaceAll("/", "_"))
  return bytes?.length === keyBytes ? Redacted.make(bytes, { label: "key" }) : undefined
}

/** The keys of `name=key`, with commas or blanks between them, or what is wrong with which entry. It repeats no part of the text. */
export const keysIn = (text: string): ReadonlyMap<string, Redacted.Redacted<Uint8Array>> | string => {
  const keys = new Map<string, Redacted.Redacted<Uint8Array>>()
  const entries = text.split(/[\s,]+/).filter((entry) => entry !== "")
  for (const [at, entry] of entries.entries()) {
    const which = `in entry ${at + 1} of ${entries.length}`
    const [name = "", ...rest] = entry.split("=")
    if (!keyName.test(name)) return `name=key ${which}, with a name of 1 to 32 of A-Z a-z 0-9 _ and -`
    if (keys.has(name)) return `another name ${which}, which has the name of an earlier entry`
    const key = keyIn(rest.join("="))
    if (key === undefined) return `the base64 text of exactly 32 bytes after the first = ${which}`
    keys.set(name, key)
  }
  return keys.size === 0 ? "at least one entry, written as name=key" : keys
}

// -----------------------------------------------------------------------------
// form
// -----------------------------------------------------------------------------

const version = "1"

/**
 * The most characters of a sealed text. A secret of 262,144 characters always fits: JSON takes at most 6 bytes for each of them, and base64 a
 * third more. A response of the service has no more bytes than that.
 */
export const maxLength = 2_098_176

/**
 * The bytes of a base64url text without padding. Another text of the same bytes is refused, so that no sealed text has a twin.
 *
 * It searches with no pattern, and `Base64Url.decode` does: an engine's stack overflows when it matches a pattern of some MiB.
 */
const bytesIn = (text: string): Bytes | undefined => {
  const padding = "=".repeat((4 - text.length % 4) % 4)
  const decoded = Result.getOrUndefined(Base64.decode(text.replaceAll("-", "+").replaceAll("_", "/") + padding))
  return decoded !== undefined && Base64Url.encode(decoded) === text ? new Uint8Array(decoded) : undefined
}

// 12 bytes of nonce are 16 characters. The tag and two quotation marks are 18 bytes, and so 24 characters.
/** The parts of a sealed text, which may be anything that a store had. `undefined` if it has another form. */
export const partsOf = (sealed: unknown) => {
  if (typeof sealed !== "string" || sealed.length > maxLength) return undefined
  const [first, key = "", nonce = "", box = "", rest] = sealed.split(".", 5)
  const isForm = first === version && keyName.test(key) && nonce.length === 16 && box.length >= 24 && rest === undefined
  return isForm ? { key, nonce, box } : undefined
}

// JSON keeps what UTF-8 alone would lose: unpaired surrogates and a byte order mark. It also keeps the parts of a list apart.
const encode = (value: unknown): Bytes => new TextEncoder().encode(JSON.stringify(value))

const decode = (bytes: ArrayBuffer): string | undefined => {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes)
    const value: unknown = JSON.parse(text)
    return typeof value === "string" ? value : undefined
  } catch {
    return undefined
  }
}

// -----------------------------------------------------------------------------
// cipher
// -----------------------------------------------------------------------------

/** WebCrypto, or `undefined` where it is missing, such as in a page over plain http. The types do not know such a page. */
export const webCrypto = (): Crypto | undefined => {
  const found: Crypto | undefined = globalThis.crypto
  const subtle: SubtleCrypto | undefined = found?.subtle
  return subtle === undefined ? undefined : found
}

/** The keys for WebCrypto. It does not give their bytes back. */
export const importKeys = async (
  { subtle }: Crypto,
  keys: ReadonlyMap<string, Bytes>
): Promise<ReadonlyMap<string, CryptoKey>> =>
  new Map(
    await Promise.all(Array.from(keys, async ([name, bytes]) =>
      [name, await subtle.importKey("raw", bytes, "AES-GCM", false, ["encrypt", "decrypt"])] as const))
  )

const algorithm = (name: string, iv: Bytes, place: string) => ({
  name: "AES-GCM",
  iv,
  additionalData: encode([version, name, place])
})

/** Seals a text with the key of that name, under a new random nonce. */
export const seal = async (
  crypto: Crypto,
  name: string,
  keys: ReadonlyMap<string, CryptoKey>,
  place: string,
  text: string
): Promise<string> => {
  const key = keys.get(name)
  // `keysOf` has checked the name
  if (key === undefined) throw new RangeError("no current key")
  const nonce = crypto.getRandomValues(new Uint8Array(12))
  const box = await crypto.subtle.encrypt(algorithm(name, nonce, place), key, encode(text))
  return [version, name, Base64Url.encode(nonce), Base64Url.encode(new Uint8Array(box))].join(".")
}

/** Why a text cannot be opened. */
export interface Closed {
  readonly reason: "form" | "unknownKey" | "changed"
  readonly key?: string
}

/** Opens a sealed text. It rejects if WebCrypto fails for another reason than the text. */
export const open = async (
  { subtle }: Crypto,
  keys: ReadonlyMap<string, CryptoKey>,
  place: string,
  sealed: string
): Promise<string | Closed> => {
  const parts = partsOf(sealed)
  const nonce = parts && bytesIn(parts.nonce)
  const box = parts && bytesIn(parts.box)
  if (parts === undefined || nonce === undefined || box === undefined) return { reason: "form" }
  const { key: name } = parts
  const key = keys.get(name)
  if (key === undefined) return { reason: "unknownKey", key: name }
  try {
    return decode(await subtle.decrypt(algorithm(name, nonce, place), key, box)) ?? { reason: "form", key: name }
  } catch (error) {
    // WebCrypto names a tag that does not match so. After any other error, the text may still be good.
    if (Wire.memberOf(error, "name") === "OperationError") return { reason: "changed", key: name }
    throw error
  }
}

// -----------------------------------------------------------------------------
// leaks
// -----------------------------------------------------------------------------

/** Whether a text shows the secret. A shorter secret than eight characters may be in a long sealed text by chance. */
export const shows = (text: string, secret: string): boolean => {
  if (secret.length < 8) return text === secret
  const { base64, hex, written } = Wire.formsOf(secret)
  const plain = text.replaceAll("-", "+").replaceAll("_", "/")
  return written.some((form) => text.includes(form)) || base64.some((form) => plain.includes(form)) ||
    text.toLowerCase().includes(hex)
}

/** The code or the name of an unknown error, if it is of letters alone and is no part of the secret. */
export const codeOf = (error: unknown, secret: string): string | undefined =>
  ["code", "name", "_tag"].map((member) => Wire.memberOf(error, member))
    .find((code): code is string =>
      typeof code === "string" && code !== "Error" && /^[A-Za-z_]{1,64}$/.test(code) && !secret.includes(code) &&
      !shows(code, secret)
    )

/** The text in a `Redacted`. `undefined` for anything else, and for a `Redacted` that was wiped. */
export const textIn = (secret: unknown): string | undefined => {
  try {
    const text: unknown = Redacted.isRedacted(secret) ? Redacted.value(secret) : undefined
    return typeof text === "string" ? text : undefined
  } catch {
    return undefined
  }
}
